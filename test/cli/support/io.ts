import { PassThrough } from 'node:stream';
import { runCli } from '../../../src/cli/index.js';

/** A run of the command line in this process, on streams of the test's own. */
export interface CliRun {
  readonly stdin: PassThrough;
  readonly stdout: PassThrough;
  readonly exitCode: Promise<number>;
  /** What it has written so far. */
  out(): string;
  err(): string;
  /** As SIGTERM and Ctrl-C. */
  terminate(): void;
  interrupt(): void;
}

export interface CliOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly isTTY?: boolean;
  /** Whether stdout is read. */
  readonly read?: boolean;
}

export function startCli(argv: readonly string[], options: CliOptions = {}): CliRun {
  const { environment = {}, isTTY = false, read = true } = options;
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const termination = new AbortController();
  const listeners = new Set<() => void>();
  const exitCode = runCli(argv, {
    stdin,
    takeStdin: () => (isTTY ? null : stdin),
    stdout: Object.assign(stdout, { isTTY }),
    stderr: Object.assign(stderr, { isTTY }),
    environment,
    importModule: (url) => import(url),
    executable: '/nonexistent/exec-sidecar.js',
    termination: termination.signal,
    onInterrupt(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  });
  return {
    stdin,
    stdout,
    exitCode,
    out: read ? collect(stdout) : () => '',
    err: collect(stderr),
    terminate: () => termination.abort('SIGTERM'),
    interrupt: () => {
      for (const listener of listeners) listener();
    },
  };
}

function collect(stream: PassThrough): () => string {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString();
}

/** Runs the command line to its end, with an empty stdin. */
export async function cli(
  argv: readonly string[],
  options: CliOptions = {},
): Promise<{ exitCode: number; out: string; err: string }> {
  const run = startCli(argv, options);
  run.stdin.end();
  const exitCode = await run.exitCode;
  await new Promise((resolve) => setImmediate(resolve));
  return { exitCode, out: run.out(), err: run.err() };
}
