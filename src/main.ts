import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CliIo, writeText } from './cli/cli-io.js';
import { runCli } from './cli/index.js';
import { closeInheritedDescriptors } from './sandbox/inherited-descriptors.js';
import { isPipe, pipeSource } from './sidecar/pipe-source.js';

// What the host has left open for this process by accident is not for its tasks.
closeInheritedDescriptors();

const STDIN = 0;

/** How long the end waits for stderr to be read, in ms. */
const LAST_LOG_MS = 250;

// stdout carries frames only: it is taken before anything can write to it, and everybody else gets stderr.
const { stdout } = process;
Object.defineProperty(process, 'stdout', { configurable: true, enumerable: true, get: () => process.stderr });

// That a reader has left must not end this process: what is written to it is lost, and who minds listens to `close`.
for (const stream of [stdout, process.stderr]) stream.on('error', () => undefined);

const termination = new AbortController();
process.on('SIGTERM', (signal) => termination.abort(signal));

// A terminal's Ctrl-C reaches the whole foreground group, the sidecar too: what it means is for the host to say. One
// that comes while a subcommand is still being loaded waits for it.
const interruptListeners = new Set<() => void>();
let isInterrupted = false;
process.on('SIGINT', () => {
  isInterrupted = true;
  for (const listener of interruptListeners) listener();
});

const io: CliIo = {
  get stdin() {
    return process.stdin;
  },
  takeStdin() {
    if (!isPipe(STDIN)) return process.stdin.isTTY ? null : process.stdin;
    // Whoever asks for it from now on finds it empty: to read a pipe in two ways is an error in Node.
    let empty: Readable | undefined;
    const get = () => (empty ??= Readable.from([]));
    Object.defineProperty(process, 'stdin', { configurable: true, enumerable: true, get });
    return pipeSource(STDIN);
  },
  stdout,
  stderr: process.stderr,
  environment: process.env,
  importModule,
  executable: join(import.meta.dirname, 'exec-sidecar.cjs'),
  termination: termination.signal,
  onInterrupt(listener) {
    if (isInterrupted && interruptListeners.size === 0) queueMicrotask(listener);
    interruptListeners.add(listener);
    return () => void interruptListeners.delete(listener);
  },
};

// A fault of the sidecar itself ends it at once. Its guardian kills and removes what was running.
process.on('uncaughtException', (error) => {
  process.stderr.write(`exec-sidecar: internal error: ${error.stack ?? error.message}\n`, () => process.exit(70));
});

void runCli(process.argv.slice(2), io).then(async (exitCode) => {
  // What the subcommand had to say on stdout has been flushed; the log gets a moment, even if nobody reads it.
  await Promise.race([writeText(process.stderr, ''), sleep(LAST_LOG_MS)]);
  process.exit(exitCode);
});
