import type { LimitWarning, QueueSnapshot } from '../../../protocol/index.js';
import { type ScheduledTask, Scheduler, type SchedulerOptions } from '../../../src/executor/scheduler.js';
import { QueueRegistry } from '../../../src/tracking/index.js';
import { createGate } from '../../support/gate.js';

/** A task that runs until it is told to finish. */
export class TestTask implements ScheduledTask {
  readonly executionId: string;
  readonly priority: number;
  readonly enqueuedAt: number;
  readonly memoryBytes: number;
  readonly byteLength: number;
  readonly #gate = createGate();
  /** How many were ahead of it; null before it is in the queue. */
  position: number | null = null;
  onQueued: () => void = () => {};

  constructor(executionId: string, options: Partial<Omit<ScheduledTask, 'queued'>> = {}) {
    this.executionId = executionId;
    this.priority = options.priority ?? 0;
    this.enqueuedAt = options.enqueuedAt ?? 0;
    this.memoryBytes = options.memoryBytes ?? 1;
    this.byteLength = options.byteLength ?? 1;
  }

  get finished(): Promise<void> {
    return this.#gate.opened;
  }

  queued(position: number): void {
    this.position = position;
    this.onQueued();
  }

  finish(): void {
    this.#gate.open();
  }
}

export interface TestScheduler {
  readonly scheduler: Scheduler<TestTask>;
  readonly warnings: LimitWarning[];
  /** The tasks that were started, in order. */
  readonly started: string[];
  gauge(name: string): QueueSnapshot;
}

/** A scheduler whose workers run until their task is finished. */
export function schedulerOf(options: Partial<SchedulerOptions<TestTask>> = {}): TestScheduler {
  const registry = new QueueRegistry();
  const warnings: LimitWarning[] = [];
  registry.setLimitWarningHandler((warning) => warnings.push(warning));
  const started: string[] = [];
  const scheduler = new Scheduler<TestTask>({
    maxConcurrentTasks: 1,
    queueSize: 100,
    queueBytes: 1_000,
    priorityAgingMs: 1_000,
    memoryBudgetBytes: 100,
    registry,
    execute: (task) => {
      started.push(task.executionId);
      return task.finished;
    },
    ...options,
  });
  scheduler.startWorkers();
  const gauge = (name: string) => registry.snapshot().find((snapshot) => snapshot.name === name)!;
  return { scheduler, warnings, started, gauge };
}

/** Tasks named a, b, c, … */
export function tasksNamed(names: string, options: Partial<Omit<ScheduledTask, 'queued'>> = {}): TestTask[] {
  return [...names].map((name) => new TestTask(name, options));
}

/** Lets everything happen that is due now. */
export async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
