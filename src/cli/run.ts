import { readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { EXIT_CODES, type Task, type TaskFile, type TaskResult } from '../../protocol/index.js';
import type { TaskHandle, TaskListener } from '../executor/index.js';
import { type Settings, SettingsLayers, streamSink } from '../sidecar/index.js';
import { runBatch } from './batch.js';
import { type CliIo, writeText } from './cli-io.js';
import { type OptionKind, type ParsedArguments, parseArguments, UsageError } from './command-line.js';
import { exitCodeOfResult } from './exit-code.js';
import { openLocalExecutor } from './local-executor.js';
import { limitOptions, limitsOf } from './quantity.js';

const OPTIONS: Readonly<Record<string, OptionKind>> = {
  ...Object.fromEntries(Object.keys(limitOptions).map((name) => [name, 'string'] as const)),
  batch: 'string',
  cwd: 'string',
  env: 'string',
  file: 'string',
  require: 'string',
  verbose: 'boolean',
};

/** Limit warnings are for programs: who runs a command by hand asks for them with --verbose. */
const QUIET = { logLevel: 'error' } as const;

/**
 * Runs one command with this process's stdin, stdout and stderr and exits as it did; or, with `--batch`, the tasks of
 * a file. Ctrl-C is passed on to the command; a second one cancels it. Output that nobody reads any more brings it
 * SIGPIPE, as its own pipe would have.
 */
export async function run(args: readonly string[], io: CliIo): Promise<number> {
  const parsed = parseArguments(args, OPTIONS);
  const settings = new SettingsLayers({ ...parsed.settings, environment: io.environment, defaults: QUIET }).resolve();
  const file = parsed.values.batch?.at(-1);
  if (file !== undefined) {
    if (parsed.operands.length > 0)
      throw new UsageError(
        `--batch takes its commands from the file, got ${JSON.stringify(parsed.operands[0])} besides`,
      );
    return runBatch(file, settings, io);
  }
  const task = await taskOf(parsed);
  return runOne(task, settings, io, parsed.given.has('verbose'));
}

async function taskOf({ operands, values }: ParsedArguments): Promise<Task> {
  const [command, ...args] = operands;
  if (command === undefined) throw new UsageError('run needs a command, as in: exec-sidecar run -- echo hello');
  const required = values.require?.at(-1);
  if (required !== undefined && required !== 'any' && required !== 'kernel') {
    throw new UsageError(`--require takes any or kernel, got ${JSON.stringify(required)}`);
  }
  const cwd = values.cwd?.at(-1);
  return {
    command,
    args,
    env: (values.env ?? []).map((text) => splitPair('env', 'NAME=VALUE', text)),
    files: await Promise.all((values.file ?? []).map(readTaskFile)),
    stdin: { stream: true },
    output: { mode: 'stream' },
    limits: limitsOf(values),
    ...(cwd !== undefined && { cwd }),
    ...(required !== undefined && { require: required }),
  };
}

async function readTaskFile(text: string): Promise<TaskFile> {
  const [path, source] = splitPair('file', 'PATH=SOURCE', text);
  try {
    return { path, data: await readFile(source) };
  } catch (error) {
    throw new UsageError(`--file ${path}: cannot read ${source}: ${(error as Error).message}`, { cause: error });
  }
}

function splitPair(option: string, form: string, text: string): [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw new UsageError(`--${option} takes ${form}, got ${JSON.stringify(text)}`);
  return [text.slice(0, at), text.slice(at + 1)];
}

async function runOne(task: Task, settings: Settings, io: CliIo, verbose: boolean): Promise<number> {
  await using local = await openLocalExecutor(settings, io);
  const { executor, registry } = local;
  if (verbose)
    registry.setLimitWarningHandler(
      (warning) => void writeText(io.stderr, `exec-sidecar: ${JSON.stringify(warning)}\n`),
    );
  const credit = new StdinCredit(settings.stdinWindowBytes);
  const preparation = executor.prepare([{ task, listener: listenerOf(io, credit) }]);
  if (!preparation.ok) return report(preparation.results[0]!, io, verbose);
  const handle = preparation.handles[0]!;
  const stopListening = passOnSignals(handle, io);
  try {
    await executor.submitTasks([handle]);
    void feed(io.stdin, handle, credit);
    return await report(await handle.result, io, verbose);
  } finally {
    stopListening();
    io.stdin.destroy();
  }
}

function listenerOf(io: CliIo, credit: StdinCredit): TaskListener {
  const sinks = { stdout: streamSink(io.stdout), stderr: streamSink(io.stderr) };
  return {
    onOutput(stream, _offset, data) {
      return sinks[stream].write([data]) ? undefined : sinks[stream].drained();
    },
    onStdinAllowed: (total) => credit.allow(total),
  };
}

/** How much stdin the executor takes now: reading pauses at the end of it. */
class StdinCredit {
  #allowed: number;
  #wake: (() => void) | null = null;

  constructor(allowed: number) {
    this.#allowed = allowed;
  }

  allow(total: number): void {
    this.#allowed = total;
    this.#wake?.();
  }

  /** Resolves with how many bytes may be sent, at least one, when `sent` have been. */
  async room(sent: number): Promise<number> {
    while (this.#allowed <= sent) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#allowed - sent;
  }
}

async function feed(source: Readable, handle: TaskHandle, credit: StdinCredit): Promise<void> {
  const { stdin } = handle;
  if (stdin === null) return;
  try {
    for await (const chunk of source) {
      for (let rest = chunk as Buffer; rest.byteLength > 0; ) {
        const piece = rest.subarray(0, await credit.room(stdin.receivedBytes));
        stdin.write(piece);
        rest = rest.subarray(piece.byteLength);
      }
    }
  } catch {
    // A stdin that breaks has ended.
  }
  stdin.end();
}

function passOnSignals(handle: TaskHandle, io: CliIo): () => void {
  let interrupted = false;
  const onInterrupt = () => {
    if (interrupted || !handle.signal('SIGINT')) handle.cancel('interrupted');
    interrupted = true;
  };
  const onTermination = () => handle.cancel(String(io.termination.reason));
  const onStdoutClosed = () => void handle.signal('SIGPIPE');
  const stopInterrupt = io.onInterrupt(onInterrupt);
  io.stdout.on('close', onStdoutClosed);
  if (io.termination.aborted) onTermination();
  io.termination.addEventListener('abort', onTermination, { once: true });
  return () => {
    stopInterrupt();
    io.stdout.off('close', onStdoutClosed);
    io.termination.removeEventListener('abort', onTermination);
  };
}

async function report(result: TaskResult, io: CliIo, verbose: boolean): Promise<number> {
  if (result.error !== undefined)
    await writeText(io.stderr, `exec-sidecar: ${result.status}: ${result.error.message}\n`);
  if (verbose) {
    const { status, exitCode, signal, usage, timing, limitsExceeded } = result;
    await writeText(
      io.stderr,
      `exec-sidecar: ${JSON.stringify({ status, exitCode, signal, usage, timing, limitsExceeded })}\n`,
    );
  }
  await writeText(io.stdout, '');
  return io.termination.aborted ? EXIT_CODES.terminated : exitCodeOfResult(result);
}
