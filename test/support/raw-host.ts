import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  encodeFrame,
  FrameReader,
  PROTOCOL_VERSION,
  ProtocolFault,
  parseSidecarFrame,
  type Ready,
  type SidecarFrame,
  type Task,
  type TaskResult,
} from '../../protocol/index.js';
import { EXECUTABLE } from '../end-to-end/support/executable.js';
import { Traces } from '../end-to-end/support/traces.js';
import { FrameLog, type FrameMatch, type ReceivedFrame } from './frame-log.js';
import { type ReadingPace, readAtPace } from './paced-reading.js';
import { descendantsOf, isAlive, pidsWithEnvironment } from './processes.js';
import { type ConnectedSidecar, spawnConnected, type Transport } from './transport.js';
import { waitFor } from './wait-for.js';

export interface RawHostOptions {
  /** Arguments after `serve`. */
  readonly flags?: readonly string[];
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** The `config` of `init`. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly heartbeatMs?: number;
  /** Whether `init` is sent and `ready` awaited (the default). */
  readonly autoInit?: boolean;
  /** Where workspaces go. Left out, the host has a root of its own and asserts in the end that nothing of it is left. */
  readonly traces?: Traces;
  /** What the frames travel through: `sockets`, as Node makes them (the default), or `fifos`, which are real pipes. */
  readonly transport?: Transport;
  /** Takes output frames instead of the log of frames, which would hold all of a flood in memory. */
  readonly onOutput?: (frame: SidecarFrame & { type: 'output' }) => void;
  /** A script to be run instead of the built program. */
  readonly executable?: string;
  /** How many files the sidecar may have open; as this process where it is left out. */
  readonly openFiles?: number;
}

/** How the sidecar has ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const DEADLINE_MS = 20_000;

/** How long a pipe that somebody else still holds open, or that this host does not read, may hide an exit. */
const PIPE_DRAIN_MS = 1_000;

/** How long what the sidecar has started may outlive it: the sweep after a crash takes its time. */
const REMAINS_MS = 5_000;

/** How much of stderr is kept, in characters. */
const STDERR_CHARACTERS = 65_536;

/**
 * A host without a client: it drives the built sidecar by frames, or by any bytes at all, and keeps every frame that
 * comes back. It gives no credit and answers nothing by itself.
 */
export class RawHost implements AsyncDisposable {
  /** Resolves when the sidecar has ended and what it wrote has been read. Never rejects. */
  readonly exit: Promise<Exit>;
  readonly traces: Traces;
  readonly #ownsTraces: boolean;
  readonly #sidecar: ConnectedSidecar;
  readonly #onOutput: RawHostOptions['onOutput'];
  readonly #reader = new FrameReader();
  readonly #log = new FrameLog(() => `stderr: ${this.#stderr}`);
  #stderr = '';
  #pacing: Disposable | null = null;
  #fault: unknown = null;

  private constructor(sidecar: ConnectedSidecar, traces: Traces, options: RawHostOptions) {
    const { stdin, stdout, stderr } = sidecar;
    this.#sidecar = sidecar;
    this.traces = traces;
    this.#ownsTraces = options.traces === undefined;
    this.#onOutput = options.onOutput;
    this.exit = this.#whenEnded();
    stdin.on('error', () => undefined);
    stdout.on('error', () => undefined);
    stdout.on('data', this.#take);
    stdout.on('end', () => this.#read(() => this.#reader.end()));
    stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_CHARACTERS);
    });
  }

  /** Starts a sidecar and, unless `autoInit` is false, opens the session. */
  static async spawn(options: RawHostOptions = {}): Promise<RawHost> {
    const traces = options.traces ?? (await Traces.create());
    const line = [process.execPath, options.executable ?? EXECUTABLE, 'serve', ...(options.flags ?? [])] as const;
    const env = { ...process.env, ...traces.environment, ...options.env };
    const connected = await spawnConnected(withOpenFiles(line, options.openFiles), env, options.transport);
    const host = new RawHost(connected, traces, options);
    if (options.autoInit ?? true) await host.#open(options);
    return host;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Every frame that came, in the order in which they came. */
  get frames(): readonly ReceivedFrame[] {
    return this.#log.frames;
  }

  /** The last of what the sidecar wrote to stderr. */
  get stderr(): string {
    return this.#stderr;
  }

  /** The frame that has opened the session. */
  get ready(): Ready {
    const frame = this.frames.find(({ type }) => type === 'ready');
    if (frame?.type !== 'ready') throw new Error('the session is not open');
    return frame.body;
  }

  /** Sends a frame, good or bad. Resolves when the pipe has taken it, or is broken. */
  send(type: string, id: number, body: object): Promise<void> {
    return this.sendBytes(encodeFrame({ type, id, body }));
  }

  /** Sends bytes as they are. Resolves when the pipe has taken them, or is broken. */
  sendBytes(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => this.#sidecar.stdin.write(bytes, () => resolve()));
  }

  submit(id: number, task: Task): Promise<void> {
    return this.send('submit', id, task);
  }

  /** The first frame that matches, be it here already or still to come. Rejects when it can no longer come. */
  waitFor<Type extends SidecarFrame['type']>(
    wanted: FrameMatch<Type>,
    deadlineMs?: number,
  ): Promise<ReceivedFrame & { type: Type }>;
  waitFor(wanted: (frame: ReceivedFrame) => boolean, deadlineMs?: number): Promise<ReceivedFrame>;
  waitFor(
    wanted: ((frame: ReceivedFrame) => boolean) | FrameMatch<SidecarFrame['type']>,
    deadlineMs = DEADLINE_MS,
  ): Promise<ReceivedFrame> {
    return this.#log.waitFor(typeof wanted === 'function' ? wanted : matcher(wanted), deadlineMs);
  }

  /** The result of a task. */
  async resultOf(id: number, deadlineMs?: number): Promise<TaskResult> {
    return (await this.waitFor({ type: 'result', id }, deadlineMs)).body;
  }

  /** Frames are no longer read, so that the sidecar has to wait. */
  pauseReading(): void {
    this.#sidecar.stdout.pause();
  }

  /** Frames are read as fast as they come. */
  resumeReading(): void {
    this.#pacing?.[Symbol.dispose]();
    if (this.#pacing !== null) this.#sidecar.stdout.on('data', this.#take);
    this.#pacing = null;
    this.#sidecar.stdout.resume();
  }

  /** Frames are read as slowly as this, so that the sidecar has to wait. */
  readSlowly(pace: ReadingPace): void {
    const { stdout } = this.#sidecar;
    stdout.removeAllListeners('data');
    this.#pacing = readAtPace(stdout, pace, this.#take);
  }

  /** Closes this end of the sidecar's stdout. */
  closeStdout(): void {
    this.#sidecar.stdout.destroy();
  }

  /** The log is no longer read: what the sidecar writes to stderr stays in the pipe. */
  pauseReadingLog(): void {
    this.#sidecar.stderr.pause();
  }

  closeStdin(): void {
    this.#sidecar.stdin.end();
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Ends the sidecar by closing its stdin. Fails where it does not end, has written what is no frame, or leaves anything. */
  async [Symbol.asyncDispose](): Promise<void> {
    const descendants = descendantsOf(this.pid);
    const instances = await this.traces.folders();
    const left = () => [
      ...descendants.filter(isAlive),
      ...(this.#ownsTraces ? instances.flatMap((id) => pidsWithEnvironment('EXEC_SIDECAR_INSTANCE', id)) : []),
    ];
    try {
      this.closeStdin();
      this.resumeReading();
      await waitFor(() => !isAlive(this.pid), `the sidecar ${this.pid} to end; stderr: ${this.#stderr}`);
      await waitFor(() => left().length === 0, 'the processes of the sidecar to be gone', REMAINS_MS);
    } finally {
      for (const pid of [this.pid, ...left()]) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
      await this.exit;
      if (this.#ownsTraces) await this.traces[Symbol.asyncDispose]();
    }
    if (this.#fault !== null) throw this.#fault;
  }

  async #open({ config, heartbeatMs }: RawHostOptions): Promise<void> {
    const body = { protocol: PROTOCOL_VERSION, config, heartbeatMs };
    try {
      await this.waitFor({ type: 'hello' });
      await this.send('init', 0, body);
      await this.waitFor({ type: 'ready' });
    } catch (error) {
      await this[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The fault of a sidecar that was cut off by a signal is not held against it. */
  #read(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#log.end(`what came is no frame: ${error}`);
      const isCutOff = error instanceof ProtocolFault && error.code === 'frame_truncated';
      if (!isCutOff) this.#fault ??= error;
    }
  }

  get #child(): ChildProcess {
    return this.#sidecar.child;
  }

  readonly #take = (chunk: Uint8Array): void => this.#read(() => this.#receive(chunk));

  #receive(chunk: Uint8Array): void {
    for (const raw of this.#reader.push(chunk)) {
      const frame = parseSidecarFrame(raw);
      if (frame === null) continue;
      if (frame.type === 'output' && this.#onOutput !== undefined) this.#onOutput(frame);
      else this.#log.add(frame);
    }
  }

  async #whenEnded(): Promise<Exit> {
    const { child, stdout } = this.#sidecar;
    const closed = new Promise<void>((resolve) => stdout.once('close', () => resolve()));
    const exit = await new Promise<Exit>((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    await Promise.race([closed, sleep(PIPE_DRAIN_MS)]);
    this.#log.end(`the sidecar has ended with ${exit.signal ?? exit.code}`);
    return exit;
  }
}

function matcher({ type, id }: FrameMatch<SidecarFrame['type']>): (frame: ReceivedFrame) => boolean {
  return (frame) => frame.type === type && (id === undefined || frame.id === id);
}

type CommandLine = readonly [file: string, ...args: string[]];

function withOpenFiles(line: CommandLine, openFiles: number | undefined): CommandLine {
  return openFiles === undefined ? line : ['sh', '-c', `ulimit -n ${openFiles}; exec "$@"`, 'sh', ...line];
}
