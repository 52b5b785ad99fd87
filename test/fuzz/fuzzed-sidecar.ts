import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { FrameReader, parseSidecarFrame, type SidecarFrame } from '../../protocol/index.js';

/** How long the sidecar may take to answer, or to end, in ms. */
const SETTLE_MS = 60_000;

/** How much of its log is kept, in characters. */
const LOG_CHARACTERS = 16_384;

/** A real sidecar that is sent whatever the fuzzing makes up. Everything that it answers is checked. */
export class FuzzedSidecar implements AsyncDisposable {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #reader = new FrameReader();
  readonly #exit: Promise<number | string>;
  #seen = new Set<string>();
  #last: SidecarFrame | undefined;
  #log = '';
  #fault: unknown;
  #hasEnded = false;
  #wake = () => {};

  constructor(command: readonly string[]) {
    const [file = '', ...args] = command;
    this.#child = spawn(file, args);
    this.#child.stdin.on('error', () => undefined);
    this.#child.stdout.on('data', (chunk: Uint8Array) => this.#receive(chunk));
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#log = (this.#log + text).slice(-LOG_CHARACTERS);
    });
    this.#exit = new Promise((resolve) => {
      this.#child.once('close', (code, signal) => {
        this.#hasEnded = true;
        this.#wake();
        resolve(code ?? signal ?? 'unknown');
      });
    });
  }

  /** Whether it has ended and everything that it wrote has been read. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Its last frame. */
  get last(): SidecarFrame | undefined {
    return this.#last;
  }

  get log(): string {
    return this.#log;
  }

  /** What it holds in memory, in bytes, from /proc; undefined where there is none. */
  get memoryBytes(): number | undefined {
    try {
      const [, pages] = readFileSync(`/proc/${this.#child.pid}/statm`, 'latin1').split(' ');
      return Number(pages) * 4_096;
    } catch {
      return undefined;
    }
  }

  /** Writes each chunk on its own. */
  async send(chunks: readonly Uint8Array[]): Promise<void> {
    for (const chunk of chunks) {
      if (this.#hasEnded) return;
      if (!this.#child.stdin.write(chunk)) await this.#drained();
    }
  }

  endStdin(): void {
    this.#child.stdin.end();
  }

  /**
   * Resolves when a frame of that type and id has come, or when the sidecar has ended.
   * @throws Error where neither happens in time, or where what came is no frame of a sidecar
   */
  async answered(type: string, id: number): Promise<void> {
    const key = `${type} ${id}`;
    const timer = setTimeout(() => this.#fail(new Error(`no ${key} within ${SETTLE_MS} ms`)), SETTLE_MS);
    while (!this.#seen.has(key) && !this.#hasEnded && this.#fault === undefined) await this.#woken();
    clearTimeout(timer);
    this.#seen = new Set();
    if (this.#fault !== undefined) throw this.#fault;
  }

  /** The exit code, or the signal that has ended it. @throws Error where it does not end in time */
  async ended(): Promise<number | string> {
    const timer = setTimeout(() => this.#fail(new Error(`it did not end within ${SETTLE_MS} ms`)), SETTLE_MS);
    while (!this.#hasEnded && this.#fault === undefined) await this.#woken();
    clearTimeout(timer);
    if (this.#fault !== undefined) throw this.#fault;
    return this.#exit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#hasEnded) this.#child.kill('SIGKILL');
    await this.#exit;
  }

  #receive(chunk: Uint8Array): void {
    try {
      for (const raw of this.#reader.push(chunk)) {
        const frame = parseSidecarFrame(raw);
        if (frame === null) continue;
        if (this.#last?.type === 'protocolError' || this.#last?.type === 'bye') {
          throw new Error(`${frame.type} came behind ${this.#last.type}`);
        }
        this.#last = frame;
        if (frame.type === 'pong' || frame.type === 'ready') this.#seen.add(`${frame.type} ${frame.id}`);
      }
    } catch (error) {
      this.#fail(error);
    }
    this.#wake();
  }

  #fail(fault: unknown): void {
    this.#fault ??= fault;
    this.#wake();
  }

  #woken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #drained(): Promise<void> {
    const { stdin } = this.#child;
    return new Promise((resolve) => {
      const go = () => {
        stdin.off('drain', go);
        stdin.off('close', go);
        resolve();
      };
      stdin.on('drain', go);
      stdin.on('close', go);
      if (stdin.closed) go();
    });
  }
}
