import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeFrame, FrameReader, parseSidecarFrame, type SidecarFrame } from '../../protocol/index.js';
import { waitFor } from './wait-for.js';

/** The executable as it is shipped. */
export const EXECUTABLE = fileURLToPath(new URL('../../dist/exec-sidecar.js', import.meta.url));

export interface RawHostOptions {
  /** Flags after `serve`. */
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** `init.config`. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Other fields of `init`. */
  readonly init?: Readonly<Record<string, unknown>>;
  /** Whether `init` is sent at the start. Default true. */
  readonly autoInit?: boolean;
}

/** A frame of the sidecar and when it came, in ms. */
export type ArrivedFrame = SidecarFrame & { readonly at: number };

export interface HostExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

type FrameOf<Type extends SidecarFrame['type']> = Extract<ArrivedFrame, { type: Type }>;

/**
 * A host that drives the built executable with frames, or with whatever bytes a test likes. Its sidecar has a
 * workspace root of its own. Disposing of it ends the sidecar and fails where a process or a folder of it is left.
 */
export class RawHost implements AsyncDisposable {
  readonly child: ChildProcessWithoutNullStreams;
  readonly workspaceRoot = mkdtempSync(join(tmpdir(), 'exec-sidecar-raw-host-'));
  /** Every frame that came, in order. */
  readonly frames: ArrivedFrame[] = [];
  readonly exit: Promise<HostExit>;
  /** What the stream held that is not a frame. */
  streamFault: unknown = null;
  stderr = '';
  #ended: HostExit | null = null;
  readonly #reader = new FrameReader();

  constructor(options: RawHostOptions = {}) {
    const { flags = [], env = {}, config = {}, init = {}, autoInit = true } = options;
    const args = [EXECUTABLE, 'serve', '--workspace-root', this.workspaceRoot, ...flags];
    this.child = spawn(process.execPath, args, { env: { ...process.env, ...env }, stdio: 'pipe' });
    this.exit = new Promise((resolve) => {
      this.child.once('close', (code, signal) => {
        this.#ended = { code, signal };
        resolve(this.#ended);
      });
    });
    this.child.stdin.on('error', () => undefined);
    this.child.stdout.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr = (this.stderr + text).slice(-65_536);
    });
    if (autoInit) this.send('init', 0, { protocol: 1, config, ...init });
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  send(type: string, id: number, body: object = {}): void {
    this.sendBytes(encodeFrame({ type, id, body }));
  }

  sendBytes(bytes: Uint8Array): void {
    this.child.stdin.write(bytes);
  }

  submit(id: number, task: object): void {
    this.send('submit', id, task);
  }

  /** The frames of one type, or of one type and id. */
  framesOf<Type extends SidecarFrame['type']>(type: Type, id?: number): FrameOf<Type>[] {
    return this.frames.filter(
      (frame): frame is FrameOf<Type> => frame.type === type && (id === undefined || frame.id === id),
    );
  }

  /** Waits for the first frame of a type, or of a type and id; fails where the sidecar ends without it. */
  async waitFor<Type extends SidecarFrame['type']>(
    type: Type,
    id?: number,
    deadlineMs?: number,
  ): Promise<FrameOf<Type>> {
    const what = `${type}${id === undefined ? '' : ` of ${id}`}`;
    await waitFor(
      () => {
        if (this.framesOf(type, id).length > 0) return true;
        if (this.#ended !== null)
          throw new Error(`the sidecar ended without ${what}: ${JSON.stringify(this.#ended)}\n${this.stderr}`);
        return false;
      },
      what,
      deadlineMs,
    );
    return this.framesOf(type, id)[0]!;
  }

  async resultOf(id: number, deadlineMs?: number): Promise<FrameOf<'result'>['body']> {
    return (await this.waitFor('result', id, deadlineMs)).body;
  }

  /** All that was streamed of one task's stdout or stderr, after checking that the offsets fit. */
  outputOf(id: number, stream: 'stdout' | 'stderr' = 'stdout'): Buffer {
    let offset = 0;
    const pieces = this.framesOf('output', id).filter(({ body }) => body.stream === stream);
    for (const { body } of pieces) {
      if (body.offset !== offset) throw new Error(`output of ${id} at ${body.offset} instead of ${offset}`);
      offset += body.data.byteLength;
    }
    return Buffer.concat(pieces.map(({ body }) => body.data));
  }

  pauseReading(): void {
    this.child.stdout.pause();
  }

  resumeReading(): void {
    this.child.stdout.resume();
  }

  closeStdin(): void {
    this.child.stdin.end();
  }

  /** The processes that the sidecar's tasks have left, and everything in its workspace root. */
  leftovers(): { processes: number[]; files: string[] } {
    const files = readdirSync(this.workspaceRoot, { recursive: true, encoding: 'utf8' });
    return { processes: processesBelow(this.workspaceRoot), files: files.filter((file) => file.includes('/')) };
  }

  /** Ends the sidecar, whatever it is doing, and checks that nothing is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.resumeReading();
    this.closeStdin();
    const timer = setTimeout(() => this.child.kill('SIGKILL'), 10_000);
    await this.exit;
    clearTimeout(timer);
    try {
      await waitFor(() => processesBelow(this.workspaceRoot).length === 0, 'the processes of the tasks to be gone');
      await waitFor(
        () => this.leftovers().files.length === 0,
        `the folders of the tasks to be gone: ${this.leftovers().files}`,
      );
    } finally {
      rmSync(this.workspaceRoot, { recursive: true, force: true });
    }
  }

  #receive(chunk: Buffer): void {
    try {
      for (const raw of this.#reader.push(chunk)) {
        const frame = parseSidecarFrame(raw);
        if (frame !== null) this.frames.push({ ...frame, at: performance.now() });
      }
    } catch (error) {
      this.streamFault ??= error;
    }
  }
}

/** The living processes whose environment leads to a workspace root: those of its tasks. */
function processesBelow(workspaceRoot: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => readOrEmpty(`/proc/${pid}/environ`).includes(`=${workspaceRoot}/`))
    .map(Number);
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
