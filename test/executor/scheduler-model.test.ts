import fc from 'fast-check';
import { expect, it } from 'vitest';
import { schedulerOf, settled, TestTask } from './support/schedulers.js';

const MAX_CONCURRENT = 3;
const QUEUE_SIZE = 4;
const QUEUE_BYTES = 60;
const BUDGET = 100;
const AGING_MS = 10;

type Command =
  | { readonly kind: 'submit'; readonly sizes: readonly { memory: number; bytes: number; priority: number }[] }
  | { readonly kind: 'finish'; readonly at: number }
  | { readonly kind: 'remove'; readonly at: number }
  | { readonly kind: 'abort'; readonly at: number };

const taskSize = fc.record({
  memory: fc.integer({ min: 1, max: BUDGET }),
  bytes: fc.integer({ min: 0, max: 80 }),
  priority: fc.integer({ min: -2, max: 2 }),
});
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('submit'), sizes: fc.array(taskSize, { maxLength: 7 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('finish'), at: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove'), at: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('abort'), at: fc.nat(5) }) },
) as fc.Arbitrary<Command>;

interface Submission {
  readonly tasks: readonly TestTask[];
  readonly controller: AbortController;
  state: 'waiting' | 'in' | 'aborted';
}

/** Drives a scheduler by commands and checks after each of them what always has to hold. */
class Harness {
  readonly #test = schedulerOf({
    maxConcurrentTasks: MAX_CONCURRENT,
    queueSize: QUEUE_SIZE,
    queueBytes: QUEUE_BYTES,
    memoryBudgetBytes: BUDGET,
    priorityAgingMs: AGING_MS,
  });
  readonly #submissions: Submission[] = [];
  readonly #tasks = new Map<string, TestTask>();
  readonly #removed = new Set<string>();
  #now = 0;

  async perform(command: Command): Promise<void> {
    if (command.kind === 'submit') this.#submit(command.sizes);
    if (command.kind === 'finish') [...this.#test.scheduler.activeTasks.values()][command.at]?.finish();
    if (command.kind === 'remove') this.#remove(command.at);
    if (command.kind === 'abort') this.#submissions[command.at]?.controller.abort();
    await settled();
    this.#check();
  }

  async finishEverything(): Promise<void> {
    for (const task of this.#tasks.values()) task.finish();
    await settled();
    this.#check();
    expect(this.#submissions.filter(({ state }) => state === 'waiting')).toEqual([]);
    expect(this.#test.gauge('schedulerQueue')).toMatchObject({ depth: 0, depthBytes: 0, waiters: 0 });
    expect(this.#test.gauge('memoryBudget').depth).toBe(0);
    const expected = this.#submissions.flatMap(({ tasks, state }) => (state === 'in' ? tasks : []));
    const names = expected.map(({ executionId }) => executionId).filter((name) => !this.#removed.has(name));
    expect([...this.#test.started].sort()).toEqual(names.sort());
    await this.#test.scheduler.close();
  }

  #submit(sizes: readonly { memory: number; bytes: number; priority: number }[]): void {
    this.#now += 1;
    const tasks = sizes.map(({ memory, bytes, priority }) => {
      const name = `task-${this.#tasks.size}`;
      const task = new TestTask(name, {
        memoryBytes: memory,
        byteLength: bytes,
        priority,
        enqueuedAt: this.#now,
      });
      this.#tasks.set(name, task);
      return task;
    });
    const submission: Submission = { tasks, controller: new AbortController(), state: 'waiting' };
    this.#submissions.push(submission);
    this.#test.scheduler.submitTasks(tasks, { signal: submission.controller.signal }).then(
      () => {
        submission.state = 'in';
      },
      () => {
        submission.state = 'aborted';
      },
    );
  }

  #remove(at: number): void {
    const task = [...this.#tasks.values()][at];
    if (task !== undefined && this.#test.scheduler.remove(task)) this.#removed.add(task.executionId);
  }

  #check(): void {
    const { scheduler, started, gauge } = this.#test;
    const running = [...scheduler.activeTasks.values()];
    const reserved = running.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
    expect(running.length).toBeLessThanOrEqual(MAX_CONCURRENT);
    expect(reserved).toBeLessThanOrEqual(BUDGET);
    expect(gauge('memoryBudget').depth).toBe(reserved);
    expect(gauge('schedulerQueue').highWater).toBeLessThanOrEqual(QUEUE_SIZE);
    expect(gauge('schedulerQueue').depth).toBe(scheduler.queuedTasks);
    expect(gauge('schedulerQueue').waiters).toBe(this.#submissions.filter(({ state }) => state === 'waiting').length);
    expect(new Set(started).size).toBe(started.length);
    this.#checkBatches();
    this.#checkNobodyWaitsInVain();
    this.#checkNothingIdles(running.length, reserved);
  }

  /** All tasks of a submission are in, or none is. */
  #checkBatches(): void {
    for (const { tasks, state } of this.#submissions) {
      for (const { position } of tasks) expect(position !== null).toBe(state === 'in');
    }
  }

  /** Who has waited longest waits because the queue has no room for all of it. */
  #checkNobodyWaitsInVain(): void {
    const { scheduler, gauge } = this.#test;
    const first = this.#submissions.find(({ state }) => state === 'waiting');
    if (first === undefined) return;
    const bytes = first.tasks.reduce((sum, { byteLength }) => sum + byteLength, 0);
    const fits = scheduler.queuedTasks + first.tasks.length <= QUEUE_SIZE;
    const isLight = scheduler.queuedTasks === 0 || gauge('schedulerQueue').depthBytes! + bytes <= QUEUE_BYTES;
    expect(fits && isLight).toBe(false);
  }

  /** No worker is idle while the task whose turn it is fits. */
  #checkNothingIdles(running: number, reserved: number): void {
    const urgency = ({ priority, enqueuedAt }: TestTask) => priority * AGING_MS - enqueuedAt;
    const waiting = [...this.#tasks.values()].filter(
      ({ position, executionId }) =>
        position !== null && !this.#test.started.includes(executionId) && !this.#removed.has(executionId),
    );
    expect(waiting.length).toBe(this.#test.scheduler.queuedTasks);
    if (waiting.length === 0 || running === MAX_CONCURRENT) return;
    const next = waiting.reduce((best, task) => (urgency(task) > urgency(best) ? task : best));
    expect(reserved + next.memoryBytes).toBeGreaterThan(BUDGET);
  }
}

it('keeps to its bounds, starts what it can, and runs everything once, whatever is submitted, ended and aborted', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 25 }), async (script) => {
      const harness = new Harness();
      for (const step of script) await harness.perform(step);
      await harness.finishEverything();
    }),
    { numRuns: 150 },
  );
});
