import { execFileSync } from 'node:child_process';
import type { LimitWarning } from '../../../protocol/index.js';
import { type RunResult, resultIn } from '../results.js';
import { Sidecar } from '../sidecar.js';
import { heading, queueTable, resultRow, resultTable, type Shown, warningLine, warningTable } from './report.js';
import { type Scene, scenes } from './scenes.js';

export interface DemoOptions {
  /** The path of the executable to demonstrate. */
  readonly executable: string;
  readonly print: (text: string) => Promise<void>;
  /** Ends the demo early: the sidecar is closed and the reason of the signal thrown. */
  readonly signal: AbortSignal;
}

const QUEUE_SIZE = 10;
const WORKERS = 4;

/** Shows a sidecar at work. Resolves with whether every task ended as it was meant to. */
export async function runDemo({ executable, print, signal }: DemoOptions): Promise<boolean> {
  const warnings: LimitWarning[] = [];
  const lines = new Lines(print);
  await using sidecar = await Sidecar.spawn({
    executable,
    signal,
    // Some tasks are Node programs, and Node may be installed where a sandbox shows nothing.
    config: { maxConcurrentTasks: WORKERS, queueSize: QUEUE_SIZE, readOnlyPaths: [process.execPath] },
    onLimitWarning: (warning) => {
      warnings.push(warning);
      lines.add(warningLine(warning));
    },
  });
  const { backend } = sidecar.ready.sandbox;
  lines.add(
    `a sidecar is running: pid ${sidecar.pid}, sandbox ${backend}, ${WORKERS} workers, a queue of ${QUEUE_SIZE}`,
  );

  const show = (shown: Shown) => {
    lines.add(resultRow(shown));
    return shown;
  };
  signal.throwIfAborted();
  lines.add(heading('tasks of every kind, side by side'));
  const single = await runScenes(sidecar, scenes(hasPython()), show);
  signal.throwIfAborted();
  lines.add(heading('a batch: all accepted, or none'));
  const batch = await runBatch(sidecar, show);
  signal.throwIfAborted();
  lines.add(heading('a queue that fills up, warns, and recovers'));
  const queued = await fillQueue(sidecar, show);

  signal.throwIfAborted();
  const all = [...single, ...batch, ...queued];
  lines.add(heading('what became of them'));
  lines.add(resultTable(all));
  lines.add(heading('warnings'));
  lines.add(warningTable(warnings));
  lines.add(heading('the queues at the end'));
  lines.add(queueTable(await sidecar.queueSnapshot()));
  const exit = await sidecar.close();
  const odd = all.filter(({ result, ends }) => result.status !== ends);
  lines.add(heading(`${all.length} tasks, ${odd.length} surprises; the sidecar exited with ${exit.exitCode}`));
  await lines.printed();
  return odd.length === 0;
}

/** Submits all at once: the client sends them as the window of the sidecar allows. */
function runScenes(sidecar: Sidecar, all: readonly Scene[], show: (shown: Shown) => Shown): Promise<Shown[]> {
  return Promise.all(
    all.map(async ({ label, task, ends, meanwhile }) => {
      const handle = sidecar.submit({ ...task, label });
      const acted = meanwhile?.(handle);
      const result = resultIn(await handle.result, 'utf8');
      await acted;
      return show({ label, result, ends });
    }),
  );
}

async function runBatch(sidecar: Sidecar, show: (shown: Shown) => Shown): Promise<Shown[]> {
  const tasks = ['one', 'two', 'three'].map((word) => ({ command: 'echo', args: [word], label: `batch: ${word}` }));
  const results = await sidecar.executeTasks(tasks);
  const refused = await sidecar.executeTasks([
    { command: 'echo', args: ['never run'], label: 'batch: innocent' },
    { command: '', label: 'batch: culprit' },
  ]);
  return [
    ...results.map((result) => show(shown(result, 'success'))),
    ...refused.map((result) => show(shown(result, 'notExecuted'))),
  ];
}

async function fillQueue(sidecar: Sidecar, show: (shown: Shown) => Shown): Promise<Shown[]> {
  const sleepers = Array.from({ length: WORKERS + QUEUE_SIZE }, (_, index) =>
    sidecar.submit({ command: 'sleep', args: ['0.3'], label: `sleeper ${index + 1}` }),
  );
  return Promise.all(sleepers.map(async ({ result }) => show(shown(resultIn(await result, 'utf8'), 'success'))));
}

function shown(result: RunResult, ends: Shown['ends']): Shown {
  return { label: result.label ?? '', result, ends };
}

function hasPython(): boolean {
  try {
    execFileSync('python3', ['-c', ''], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Prints lines in order, each when the one before it has left the process. */
class Lines {
  readonly #print: (text: string) => Promise<void>;
  #printed: Promise<void> = Promise.resolve();

  constructor(print: (text: string) => Promise<void>) {
    this.#print = print;
  }

  add(text: string): void {
    this.#printed = this.#printed.then(() => this.#print(`${text}\n`));
  }

  printed(): Promise<void> {
    return this.#printed;
  }
}
