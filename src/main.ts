#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import type { CliIo } from './cli/cli-io.js';
import { runCli } from './cli/index.js';
import { closeInheritedDescriptors } from './sandbox/index.js';

// What the host has left open for this process by accident is not for its tasks.
closeInheritedDescriptors();

// stdout carries frames only: it is taken before anything can write to it, and everybody else gets stderr.
const { stdout } = process;
Object.defineProperty(process, 'stdout', { configurable: true, enumerable: true, get: () => process.stderr });

const termination = new AbortController();
process.on('SIGTERM', (signal) => termination.abort(signal));

// A terminal's Ctrl-C reaches the whole foreground group, the sidecar too: what it means is for the host to say.
const interruptListeners = new Set<() => void>();
process.on('SIGINT', () => {
  for (const listener of interruptListeners) listener();
});

const io: CliIo = {
  stdin: process.stdin,
  stdout,
  stderr: process.stderr,
  environment: process.env,
  executable: fileURLToPath(import.meta.url),
  termination: termination.signal,
  onInterrupt(listener) {
    interruptListeners.add(listener);
    return () => void interruptListeners.delete(listener);
  },
};

const exitCode = await runCli(process.argv.slice(2), io);
// Whatever the subcommand had to say has been flushed: only handles that nobody waits for are left.
process.exit(exitCode);
