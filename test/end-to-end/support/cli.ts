import { type ChildProcess, spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import { waitFor } from '../../support/wait-for.js';
import { EXECUTABLE } from './executable.js';
import { Traces } from './traces.js';

export interface CliOptions {
  /** Given whole; left out, stdin stays open until `stdin.end()`. */
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
  /** The command line before the arguments, instead of this very Node with the built program. */
  readonly program?: readonly [file: string, ...args: string[]];
}

/** How the command line ended, and what it said. */
export interface CliOutcome {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the executable with these arguments to its end, and asserts that it leaves nothing. */
export async function cli(args: readonly string[], options: CliOptions = {}): Promise<CliOutcome> {
  await using running = await startCli(args, { input: '', ...options });
  return await running.ended;
}

/** Starts the executable with these arguments. Disposing of it kills it, and asserts that it leaves nothing. */
export async function startCli(args: readonly string[], options: CliOptions = {}): Promise<RunningCli> {
  const traces = await Traces.create();
  const [file, ...before] = options.program ?? [process.execPath, EXECUTABLE];
  const child = spawn(file, [...before, ...args], {
    env: { ...process.env, ...traces.environment, ...options.env },
  });
  if (options.input !== undefined) child.stdin.end(options.input);
  return new RunningCli(child, traces);
}

export class RunningCli implements AsyncDisposable {
  readonly stdin: Writable;
  readonly ended: Promise<CliOutcome>;
  readonly traces: Traces;
  readonly #child: ChildProcess;
  readonly #text = { stdout: '', stderr: '' };

  constructor(child: ChildProcess, traces: Traces) {
    this.#child = child;
    this.traces = traces;
    this.stdin = child.stdin!;
    // It need not read what it is given.
    this.stdin.on('error', () => undefined);
    for (const name of ['stdout', 'stderr'] as const) {
      child[name]!.setEncoding('utf8').on('data', (text: string) => {
        this.#text[name] += text;
      });
    }
    this.ended = new Promise((resolve) => {
      child.once('close', (exitCode, signal) => resolve({ exitCode, signal, ...this.#text }));
    });
  }

  /** What it has written so far. */
  get stdout(): string {
    return this.#text.stdout;
  }

  get stderr(): string {
    return this.#text.stderr;
  }

  /** Waits until it has written a text to stdout. */
  async said(text: string): Promise<void> {
    await waitFor(() => this.stdout.includes(text), `${JSON.stringify(text)} on stdout; stderr: ${this.stderr}`);
  }

  /** Closes this end of its stdout. */
  stopReading(): void {
    this.#child.stdout!.destroy();
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.kill('SIGKILL');
    await this.ended;
    await this.traces[Symbol.asyncDispose]();
  }
}
