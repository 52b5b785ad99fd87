import type { TaskExecutor, TaskHandle } from '../executor/index.js';
import {
  type QueueRegistry,
  type TrackedReceiver,
  type TrackedSyncSender,
  trackedSyncChannel,
} from '../tracking/index.js';
import type { Outbox } from './outbox.js';

/** Tasks that came in one frame and are queued together. */
export interface Submission {
  readonly handles: readonly TaskHandle[];
  /** What the frame took of the stream. */
  readonly byteLength: number;
}

/**
 * The queue between the frame reader and the scheduler. It holds more than a host that keeps to its window can have
 * submitted; for one that does not, the reader waits here, and with it the host.
 */
export class Inbox {
  readonly #sender: TrackedSyncSender<Submission>;
  readonly #receiver: TrackedReceiver<Submission>;
  /** Who keeps submissions from moving on. */
  #slow = 'the scheduler queue is full';

  constructor(options: { registry: QueueRegistry; frames: number; bytes: number }) {
    [this.#sender, this.#receiver] = trackedSyncChannel<Submission>({
      registry: options.registry,
      limit: 'inboxQueue',
      capacity: options.frames,
      capacityBytes: options.bytes,
      link: { name: 'stdin → inbox', slow: () => this.#slow },
      sizeOf: (submission) => submission.byteLength,
    });
  }

  /** Adds a submission. Answers undefined where there is room now, else resolves when it is in. */
  add(submission: Submission): Promise<void> | undefined {
    return this.#sender.trySend(submission) ? undefined : this.#sender.send(submission);
  }

  /** Moves submissions on to the executor, one after the other, until the inbox is closed. */
  async dispatchTo(executor: TaskExecutor, outbox: Outbox): Promise<void> {
    for await (const { handles } of this.#receiver) {
      this.#slow = 'the host does not read the answers to what it has submitted';
      await outbox.controlRoom();
      this.#slow = 'the scheduler queue is full';
      await executor.submitTasks(handles);
    }
  }

  /** Nothing more comes in; what is in is still dispatched. */
  close(): void {
    this.#sender.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
