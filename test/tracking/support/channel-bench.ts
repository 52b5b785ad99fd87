import { getEventListeners } from 'node:events';
import type { LimitWarning, QueueSnapshot } from '../../../protocol/index.js';
import {
  BatchTooLargeError,
  ChannelClosedError,
  type TrackedReceiver,
  type TrackedSyncSender,
  trackedSyncChannel,
} from '../../../src/tracking/index.js';
import type { Item, Outcome } from './channel-model.js';
import { recordingRegistry } from './recording.js';

const abortion = new Error('aborted');

/** A real channel with the outcome of everything that was done to it. */
export class ChannelBench {
  readonly outcomes = new Map<number, Outcome>();
  readonly warnings: readonly LimitWarning[];
  readonly sender: TrackedSyncSender<Item>;
  readonly receiver: TrackedReceiver<Item>;
  readonly #snapshot: () => QueueSnapshot[];
  readonly #controllers = new Map<number, AbortController>();

  constructor(capacity: number, capacityBytes: number) {
    const { registry, warnings } = recordingRegistry();
    const sizeOf = ({ bytes }: Item) => bytes;
    [this.sender, this.receiver] = trackedSyncChannel<Item>({
      registry,
      limit: 'outputQueue',
      capacity,
      capacityBytes,
      sizeOf,
    });
    this.warnings = warnings;
    this.#snapshot = () => registry.snapshot();
  }

  /** Undefined when the channel is closed and empty. */
  get snapshot(): QueueSnapshot | undefined {
    return this.#snapshot()[0];
  }

  send(id: number, items: readonly Item[]): void {
    const signal = this.#signal(id);
    const [item] = items;
    const sending =
      items.length === 1 && item ? this.sender.send(item, { signal }) : this.sender.sendAll(items, { signal });
    this.#record(
      id,
      sending.then(() => 'sent'),
    );
  }

  receive(id: number): void {
    const receiving = this.receiver.receive({ signal: this.#signal(id) });
    this.#record(
      id,
      receiving.then((item) => item ?? 'end'),
    );
  }

  abort(id: number): void {
    this.#controllers.get(id)?.abort(abortion);
  }

  /** How many listeners the signals of settled operations still have. */
  get leakedListeners(): number {
    const settled = [...this.#controllers].filter(([id]) => this.outcomes.has(id));
    return settled.reduce((sum, [, { signal }]) => sum + getEventListeners(signal, 'abort').length, 0);
  }

  #signal(id: number): AbortSignal {
    const controller = new AbortController();
    this.#controllers.set(id, controller);
    return controller.signal;
  }

  #record(id: number, operation: Promise<Outcome>): void {
    operation
      .catch((error: unknown) => {
        if (error instanceof ChannelClosedError || error instanceof BatchTooLargeError) return error.code;
        if (error === abortion) return 'aborted';
        throw error;
      })
      .then((outcome) => this.outcomes.set(id, outcome));
  }
}
