import type { TaskResult } from '../../protocol/index.js';
import { onAbort } from './abort.js';
import { deferred } from './deferred.js';
import type { TaskRun } from './task-run.js';

/** Where `map` gets its items from. */
export type Source<Item> = Iterable<Item> | AsyncIterable<Item>;

/** What mapping needs of a session. */
export interface MapTarget<Item> {
  /** The most tasks whose results are under way or wait to be taken. */
  readonly capacity: number;
  /** Resolves once the session's window would take another task. */
  readonly room: (signal: AbortSignal) => Promise<void>;
  readonly submit: (item: Item, index: number) => TaskRun;
  /** Resolves with the reason when no more tasks will be taken. */
  readonly over: Promise<unknown>;
}

/**
 * Runs a task for each item and yields the results. An item is taken only when the window has room for its task, and
 * while fewer results than the window holds wait to be taken. Where the source, a task or the consumer breaks off,
 * what is under way is cancelled, and its end waited for.
 */
export async function* mapTasks<Item>(
  source: Source<Item>,
  target: MapTarget<Item>,
  { signal, ordered = true }: { readonly signal?: AbortSignal | undefined; readonly ordered?: boolean | undefined },
): AsyncGenerator<TaskResult, void, undefined> {
  signal?.throwIfAborted();
  const mapping = new Mapping(target, ordered);
  const unwatch = onAbort(signal, () => mapping.fail(signal?.reason));
  void mapping.pump(source);
  void target.over.then((reason) => mapping.end(reason));
  try {
    for (let result = await mapping.next(); result !== undefined; result = await mapping.next()) yield result;
  } finally {
    unwatch();
    await mapping.stop();
  }
}

class Mapping<Item> {
  readonly #target: MapTarget<Item>;
  readonly #isOrdered: boolean;
  readonly #stopping = new AbortController();
  /** Tasks whose results have not been taken. */
  readonly #runs = new Set<TaskRun>();
  /** Those of them whose results may be taken next, in this order. */
  readonly #due: TaskRun[] = [];
  #isExhausted = false;
  #failure: { readonly error: unknown } | undefined;
  #ending: { readonly reason: unknown } | undefined;
  #change = deferred<void>();

  constructor(target: MapTarget<Item>, isOrdered: boolean) {
    this.#target = target;
    this.#isOrdered = isOrdered;
  }

  /** Submits tasks until the source is exhausted or the mapping ends. Never rejects. */
  async pump(source: Source<Item>): Promise<void> {
    const { signal } = this.#stopping;
    let index = 0;
    try {
      await this.#room();
      for await (const item of source) {
        signal.throwIfAborted();
        this.#add(this.#target.submit(item, index));
        index += 1;
        await this.#room();
      }
    } catch (error) {
      this.fail(error);
    }
    this.#isExhausted = true;
    this.#changed();
  }

  /** The next result; undefined after the last one. */
  async next(): Promise<TaskResult | undefined> {
    while (!this.#failure) {
      const run = this.#due.shift();
      if (run) return this.#take(run);
      if (this.#isExhausted && this.#runs.size === 0) return undefined;
      if (this.#ending && this.#runs.size === 0) throw this.#ending.reason;
      await this.#change.promise;
    }
    throw this.#failure.error;
  }

  /** Ends the mapping with an error; the first one counts. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#stopping.abort(error);
    for (const run of this.#runs) run.abort(error);
    this.#changed();
  }

  /** No more tasks will be taken: what has come can still be taken, and then the mapping fails, wherever its source is. */
  end(reason: unknown): void {
    this.#ending = { reason };
    this.#changed();
  }

  /** Cancels what is under way. Resolves when it is over. */
  async stop(): Promise<void> {
    this.fail(new DOMException('The mapping was broken off', 'AbortError'));
    await Promise.allSettled([...this.#runs].map((run) => run.result.promise));
  }

  async #room(): Promise<void> {
    const { signal } = this.#stopping;
    while (this.#runs.size >= this.#target.capacity && !signal.aborted) await this.#change.promise;
    await this.#target.room(signal);
  }

  #add(run: TaskRun): void {
    this.#runs.add(run);
    const isDue = () => {
      this.#due.push(run);
      this.#changed();
    };
    if (this.#isOrdered) isDue();
    else run.result.promise.then(isDue, isDue);
  }

  async #take(run: TaskRun): Promise<TaskResult> {
    try {
      return await run.result.promise;
    } catch (error) {
      throw this.#failure ? this.#failure.error : error;
    } finally {
      this.#runs.delete(run);
      this.#changed();
    }
  }

  #changed(): void {
    this.#change.resolve();
    this.#change = deferred();
  }
}
