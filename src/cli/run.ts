import { readFile } from 'node:fs/promises';
import type { Task, TaskFile, TaskResult } from '../../protocol/index.js';
import { EXIT_CODES } from '../../protocol/wire.js';
import type { TaskHandle } from '../executor/index.js';
import { type Settings, SettingsLayers } from '../sidecar/index.js';
import { runBatch } from './batch.js';
import { type CliIo, writeText } from './cli-io.js';
import { type OptionKind, type ParsedArguments, parseArguments, UsageError } from './command-line.js';
import { exitCodeOfResult } from './exit-code.js';
import { openLocalExecutor } from './local-executor.js';
import { Narrator } from './narrator.js';
import { OutputPassage } from './output-passage.js';
import { limitOptions, limitsOf } from './quantity.js';
import { StdinPassage } from './stdin-passage.js';

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
  const layers = new SettingsLayers({ ...parsed.settings, environment: io.environment, defaults: QUIET });
  const settings = await layers.resolve();
  const file = parsed.values.batch?.at(-1);
  if (file !== undefined) {
    if (parsed.operands.length > 0)
      throw new UsageError(
        `--batch takes its commands from the file, got ${JSON.stringify(parsed.operands[0])} besides`,
      );
    return runBatch(file, settings, io, parsed.given.has('verbose'));
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
  using narrator = verbose ? new Narrator(io.stderr, registry) : null;
  using stdout = new OutputPassage({ name: 'stdout', stream: io.stdout, registry });
  using stderr = new OutputPassage({ name: 'stderr', stream: io.stderr, registry });
  const stdin = new StdinPassage(settings.stdinWindowBytes);
  const passages = { stdout, stderr };
  const preparation = executor.prepare([
    {
      task,
      listener: {
        onOutput: (stream, _offset, data) => passages[stream].write(data),
        onStdinAllowed: (total) => stdin.allow(total),
      },
    },
  ]);
  if (!preparation.ok) return report(preparation.results[0]!, io, narrator);
  const handle = preparation.handles[0]!;
  const stopListening = passOnSignals(handle, io);
  try {
    await executor.submitTasks([handle]);
    void stdin.feed(io.stdin, handle);
    const result = await handle.result;
    const exitCode = await report(result, io, narrator);
    await narrator?.queues(handle.stdin?.usage ? [handle.stdin.usage] : []);
    return exitCode;
  } finally {
    stopListening();
    io.stdin.destroy();
  }
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

async function report(result: TaskResult, io: CliIo, narrator: Narrator | null): Promise<number> {
  if (result.error !== undefined)
    await writeText(io.stderr, `exec-sidecar: ${result.status}: ${result.error.message}\n`);
  await writeText(io.stdout, '');
  await narrator?.concluded(result);
  return io.termination.aborted ? EXIT_CODES.terminated : exitCodeOfResult(result);
}
