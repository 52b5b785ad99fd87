import { onAbort } from './abort.js';
import { type Deferred, deferred } from './deferred.js';
import type { SidecarError } from './errors.js';
import type { SubmitWindow, Waiting } from './window.js';

/** Those who wait until a window has room for one more task, in their turn among the tasks that wait for it. */
export class RoomAskers {
  readonly #window: SubmitWindow;
  readonly #rooms = new Set<Deferred<void>>();

  constructor(window: SubmitWindow) {
    this.#window = window;
  }

  /** Resolves once there is room. Rejects when `signal` aborts or everybody is refused. */
  async ask(signal: AbortSignal | undefined): Promise<void> {
    const room = deferred<void>();
    const entry: Waiting = {
      load: { tasks: 0, bytes: 0 },
      send: room.resolve,
      misfit: () => undefined,
      refuse: room.reject,
    };
    this.#rooms.add(room);
    const unwatch = onAbort(signal, () => room.reject(signal?.reason));
    this.#window.enter(entry);
    try {
      await room.promise;
    } finally {
      this.#rooms.delete(room);
      unwatch();
      this.#window.withdraw(entry);
    }
  }

  /** There will be no room: each is told so by its own error. */
  refuse(toError: () => SidecarError): void {
    for (const room of this.#rooms) room.reject(toError());
  }
}
