import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { TaskResult, WireError } from '../../protocol/index.js';
import { EXIT_CODES } from '../../protocol/wire.js';
import type { Settings } from '../sidecar/index.js';
import { type CliIo, writeText } from './cli-io.js';
import { UsageError } from './command-line.js';
import { openLocalExecutor } from './local-executor.js';
import { Narrator } from './narrator.js';
import { OutputPassage } from './output-passage.js';
import { ProgressBar } from './progress-bar.js';
import { resultLine } from './result-line.js';

/** The exit code where not every task has succeeded. */
const SOME_FAILED = 1;

/** What can be told of a line that holds no JSON. */
interface UnreadableLine {
  readonly status: 'notExecuted';
  readonly error: WireError;
}

/**
 * Runs the tasks of a file, one JSON object a line, as many at once as the settings allow, and prints one JSON result
 * a line in the order in which they end; `line` says which line it answers. A line that is no task gets a
 * `notExecuted` result. Ctrl-C, SIGTERM, and that nobody reads the results any more, cancel what is under way, and no
 * further line is read. Exits with 0 where all succeeded, else 1; 143 after SIGTERM.
 */
export async function runBatch(file: string, settings: Settings, io: CliIo, verbose: boolean): Promise<number> {
  const input = file === '-' ? io.stdin : await openFile(file);
  await using local = await openLocalExecutor(settings, io);
  const { executor, registry } = local;
  using narrator = verbose ? new Narrator(io.stderr, registry) : null;
  using results = new OutputPassage({ name: 'stdout', stream: io.stdout, registry });
  using bar = new ProgressBar(io.stderr);
  let failed = 0;
  const answer = async (line: number, result: TaskResult | UnreadableLine) => {
    if (result.status !== 'success') failed += 1;
    await results.write(Buffer.from(resultLine(line, result)));
    bar.ended();
  };
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  let stopped = false;
  const stop = (reason: string) => {
    stopped = true;
    lines.close();
    executor.cancelAll(reason);
  };
  const onTermination = () => stop(String(io.termination.reason));
  const stopListening = io.onInterrupt(() => stop('interrupted'));
  io.stdout.once('close', () => stop('stdout was closed'));
  if (io.termination.aborted) onTermination();
  io.termination.addEventListener('abort', onTermination, { once: true });

  let line = 0;
  for await (const text of readLines(lines, file)) {
    if (stopped) break;
    const number = ++line;
    if (text.trim() === '') continue;
    bar.begun();
    const parsed = parseLine(text);
    if (!parsed.ok) {
      await answer(number, parsed.unreadable);
      continue;
    }
    const listener = { onResult: (result: TaskResult) => answer(number, result) };
    const preparation = executor.prepare([{ task: parsed.task, listener }]);
    if (preparation.ok) await executor.submitTasks(preparation.handles);
    else for (const result of preparation.results) await answer(number, result);
  }
  await executor.idle();
  await writeText(io.stdout, '');
  await narrator?.queues([]);
  stopListening();
  if (io.termination.aborted) return EXIT_CODES.terminated;
  return failed === 0 && !stopped ? EXIT_CODES.clean : SOME_FAILED;
}

async function openFile(path: string): Promise<Readable> {
  try {
    return (await open(path)).createReadStream();
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** @throws UsageError where the file cannot be read to its end */
async function* readLines(lines: AsyncIterable<string>, path: string): AsyncGenerator<string> {
  try {
    yield* lines;
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): UsageError {
  return new UsageError(`--batch: cannot read ${path}: ${(error as Error).message}`, { cause: error });
}

function parseLine(text: string): { ok: true; task: unknown } | { ok: false; unreadable: UnreadableLine } {
  try {
    return { ok: true, task: JSON.parse(text) };
  } catch (error) {
    const message = `the line is not JSON: ${(error as Error).message}`;
    const wireError: WireError = { kind: 'validation', message, details: { code: 'not_json' } };
    return { ok: false, unreadable: { status: 'notExecuted', error: wireError } };
  }
}
