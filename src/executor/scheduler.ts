import type { QueueGauge, QueueRegistry } from '../tracking/index.js';
import { type AgedEntry, AgedQueue } from './aged-queue.js';
import { ExecutorError } from './errors.js';
import { MemoryBudget } from './memory-budget.js';

/** What the scheduler needs to know of a task. */
export interface ScheduledTask extends AgedEntry {
  readonly executionId: string;
  /** What the task reserves of the memory budget while it runs. */
  readonly memoryBytes: number;
  /** What the task weighs while it waits. */
  readonly byteLength: number;
  /** Called once, when the task is in the queue; `position` is how many are ahead of it. */
  queued(position: number): void;
}

export interface SchedulerOptions<Item extends ScheduledTask> {
  readonly maxConcurrentTasks: number;
  readonly queueSize: number;
  /** What the waiting tasks may weigh together. A task that is heavier than that gets in when nothing waits. */
  readonly queueBytes: number;
  readonly priorityAgingMs: number;
  readonly memoryBudgetBytes: number;
  readonly registry: QueueRegistry;
  /** Runs one task to its end. Must not reject: a worker would lose its slot's task without an answer. */
  readonly execute: (task: Item) => Promise<void>;
}

interface Waiter<Item> {
  readonly tasks: readonly Item[];
  readonly admit: () => void;
  readonly refuse: (reason: unknown) => void;
}

/**
 * Decides which task runs next. Tasks wait in a bounded queue ordered by priority and age; `maxConcurrentTasks`
 * workers take them out, as long as the memory limits of what runs fit into the budget. The order is strict: a task
 * that does not fit yet is not overtaken, so a large one cannot starve. Submitters wait while the queue is full.
 */
export class Scheduler<Item extends ScheduledTask> {
  readonly #options: SchedulerOptions<Item>;
  readonly #queue: AgedQueue<Item>;
  readonly #queueGauge: QueueGauge;
  readonly #activeGauge: QueueGauge;
  readonly #budget: MemoryBudget;
  readonly #activeTasks = new Map<string, Item>();
  readonly #idleWorkers: ((task: Item | null) => void)[] = [];
  readonly #waiters: Waiter<Item>[] = [];
  readonly #workers: Promise<void>[] = [];
  /** The tasks in the queue that the gauge has counted, and when. */
  readonly #counted = new Map<Item, number>();
  #queuedBytes = 0;
  #closed = false;

  constructor(options: SchedulerOptions<Item>) {
    const { registry, queueSize, queueBytes, maxConcurrentTasks, memoryBudgetBytes } = options;
    this.#options = options;
    this.#queue = new AgedQueue(options.priorityAgingMs);
    this.#queueGauge = registry.register({
      limit: 'schedulerQueue',
      capacity: queueSize,
      capacityBytes: queueBytes,
      link: { name: 'scheduler queue → workers', slow: () => this.#whatHoldsTasksBack() },
    });
    this.#activeGauge = registry.register({ limit: 'activeTasks', capacity: maxConcurrentTasks });
    this.#budget = new MemoryBudget(
      memoryBudgetBytes,
      registry.register({ limit: 'memoryBudget', capacity: memoryBudgetBytes }),
    );
  }

  /** The tasks that run, by execution id. */
  get activeTasks(): ReadonlyMap<string, Item> {
    return this.#activeTasks;
  }

  /** How many tasks wait in the queue. */
  get queuedTasks(): number {
    return this.#queue.length;
  }

  /** Starts the workers. They live until `close`. */
  startWorkers(): void {
    while (this.#workers.length < this.#options.maxConcurrentTasks) this.#workers.push(this.#workerLoop());
  }

  /**
   * Puts tasks into the queue, all of them or none, and resolves when they are in. Waits its turn while they do not fit.
   * @throws ExecutorError kind `resource` where so many tasks can never fit, or the scheduler is closed
   * @throws the reason of `signal`, with nothing left behind
   */
  async submitTasks(tasks: readonly Item[], options: { signal?: AbortSignal } = {}): Promise<void> {
    this.#checkBatchSize(tasks);
    options.signal?.throwIfAborted();
    if (!this.trySubmit(tasks)) await this.#waitForRoom(tasks, options.signal);
  }

  /**
   * As `submitTasks` where the tasks fit now. False where they do not, with nothing done.
   * @throws ExecutorError as `submitTasks` rejects
   */
  trySubmit(tasks: readonly Item[]): boolean {
    this.#checkBatchSize(tasks);
    if (this.#closed) throw closedError();
    if (this.#waiters.length > 0 || !this.#hasRoomFor(tasks)) return false;
    this.#enqueue(tasks);
    return true;
  }

  /** Takes a task out of the queue again. False where it does not wait there. */
  remove(task: Item): boolean {
    if (!this.#queue.remove(task)) return false;
    this.#leftQueue(task);
    this.#dispatch();
    return true;
  }

  /**
   * Ends the workers as soon as they are idle and resolves when the last one has ended. Nothing new is started, and
   * who waits for room is refused.
   */
  async close(): Promise<void> {
    this.#closed = true;
    for (const waiter of this.#waiters.splice(0)) waiter.refuse(closedError());
    for (const wake of this.#idleWorkers.splice(0)) wake(null);
    await Promise.all(this.#workers);
    this.#queueGauge.close();
    this.#activeGauge.close();
    this.#budget.close();
  }

  #checkBatchSize(tasks: readonly Item[]): void {
    const { queueSize, maxConcurrentTasks } = this.#options;
    if (tasks.length <= queueSize) return;
    const waiting = tasks.length - this.#startable(tasks, maxConcurrentTasks, this.#budget.capacity);
    if (waiting <= queueSize) return;
    throw new ExecutorError(
      'resource',
      'batch_too_large',
      `a batch of ${tasks.length} tasks never fits: at most ${tasks.length - waiting} of them can run at once (settings maxConcurrentTasks ${maxConcurrentTasks}, memoryBudgetBytes ${this.#budget.capacity}) and ${queueSize} can wait (setting queueSize)`,
      { tasks: tasks.length, queueSize, maxConcurrentTasks },
    );
  }

  /** Tasks that a worker takes at once need no place in the queue. */
  #hasRoomFor(tasks: readonly Item[]): boolean {
    const { queueSize, queueBytes } = this.#options;
    if (this.#queue.length > 0) {
      return this.#queue.length + tasks.length <= queueSize && this.#queuedBytes + sumBytes(tasks) <= queueBytes;
    }
    if (tasks.length <= queueSize) return true;
    return tasks.length - this.#startable(tasks, this.#idleWorkers.length, this.#budget.available) <= queueSize;
  }

  /** How many of the tasks, in the order of the queue, so many workers could take at once. */
  #startable(tasks: readonly Item[], slots: number, budget: number): number {
    const order = new AgedQueue<Item>(this.#options.priorityAgingMs);
    for (const task of tasks) order.push(task);
    let started = 0;
    let remaining = budget;
    for (const task of order) {
      if (started === slots || task.memoryBytes > remaining) break;
      remaining -= task.memoryBytes;
      started += 1;
    }
    return started;
  }

  #waitForRoom(tasks: readonly Item[], signal: AbortSignal | undefined): Promise<void> {
    const park = this.#queueGauge.park();
    return new Promise((resolve, reject) => {
      const withdraw = () => {
        park.end();
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        reject(signal?.reason);
        this.#admitWaiters();
      };
      const settle = (act: () => void) => {
        signal?.removeEventListener('abort', withdraw);
        park.end();
        act();
      };
      const waiter: Waiter<Item> = {
        tasks,
        admit: () => settle(resolve),
        refuse: (reason) => settle(() => reject(reason)),
      };
      this.#waiters.push(waiter);
      signal?.addEventListener('abort', withdraw, { once: true });
    });
  }

  #whatHoldsTasksBack(): string {
    const { maxConcurrentTasks } = this.#options;
    return this.#activeTasks.size >= maxConcurrentTasks
      ? `all ${maxConcurrentTasks} workers are busy (setting maxConcurrentTasks)`
      : 'the memory limits of what runs use up the budget (setting memoryBudgetBytes)';
  }

  /** The tasks hear of it last: they may leave the queue, or others of them, as soon as they do. */
  #enqueue(tasks: readonly Item[]): void {
    const positions = tasks.map((task) => this.#queue.push(task));
    this.#queuedBytes += sumBytes(tasks);
    this.#dispatch();
    for (const task of tasks) this.#count(task);
    tasks.forEach((task, index) => {
      task.queued(positions[index]!);
    });
  }

  /** What a worker has taken at once never waited, and so never counts as a filled queue. */
  #count(task: Item): void {
    if (this.#activeTasks.has(task.executionId)) return;
    this.#counted.set(task, performance.now());
    this.#queueGauge.enqueue(task.byteLength);
  }

  #leftQueue(task: Item): void {
    this.#queuedBytes -= task.byteLength;
    const since = this.#counted.get(task);
    if (since === undefined) return;
    this.#counted.delete(task);
    this.#queueGauge.dequeue(task.byteLength);
    this.#queueGauge.recordWait(performance.now() - since);
  }

  #admitWaiters(): void {
    for (let waiter = this.#waiters[0]; waiter && this.#hasRoomFor(waiter.tasks); waiter = this.#waiters[0]) {
      this.#waiters.shift();
      this.#enqueue(waiter.tasks);
      waiter.admit();
    }
  }

  #dispatch(): void {
    while (this.#idleWorkers.length > 0 && !this.#closed) {
      const task = this.#queue.peek();
      if (task === undefined || !this.#budget.reserve(task.memoryBytes)) break;
      this.#queue.shift();
      this.#leftQueue(task);
      this.#activeTasks.set(task.executionId, task);
      this.#idleWorkers.shift()!(task);
    }
    this.#activeGauge.observeDepth(this.#activeTasks.size);
    this.#budget.observe();
    this.#admitWaiters();
  }

  async #workerLoop(): Promise<void> {
    for (let task = await this.#nextTask(); task !== null; task = await this.#nextTask()) {
      try {
        await this.#options.execute(task);
      } finally {
        this.#activeTasks.delete(task.executionId);
        this.#budget.release(task.memoryBytes);
      }
    }
  }

  #nextTask(): Promise<Item | null> {
    if (this.#closed) return Promise.resolve(null);
    const turn = new Promise<Item | null>((wake) => this.#idleWorkers.push(wake));
    this.#dispatch();
    return turn;
  }
}

function closedError(): ExecutorError {
  return new ExecutorError('resource', 'closed', 'the scheduler is closed: no task is queued any more');
}

function sumBytes(tasks: readonly ScheduledTask[]): number {
  let sum = 0;
  for (const task of tasks) sum += task.byteLength;
  return sum;
}
