/** What a frame takes up in the session's window. */
export interface Load {
  /** Tasks that will be unfinished. */
  readonly tasks: number;
  /** Bytes of the frame. */
  readonly bytes: number;
}

/** Something that waits for room in the window. */
export interface Waiting {
  readonly load: Load;
  /** Called once there is room, in the order in which they came. */
  readonly send: () => void;
}

/**
 * The credit of a session: how many tasks may be unfinished and how many bytes of their frames unstarted. What does
 * not fit waits here, first come first served, so the sidecar never has to stop reading.
 */
export class SubmitWindow {
  readonly #capacity: Load;
  readonly #waiting = new Set<Waiting>();
  #tasks = 0;
  #bytes = 0;
  #onEmpty: (() => void)[] = [];

  constructor(capacity: Load) {
    this.#capacity = capacity;
  }

  get capacity(): Load {
    return this.#capacity;
  }

  /** Sends at once where there is room and nobody waits, else when it is this one's turn. */
  enter(entry: Waiting): void {
    this.#waiting.add(entry);
    this.#advance();
  }

  /** Takes back what has not been sent yet. False where it has. */
  withdraw(entry: Waiting): boolean {
    const isWaiting = this.#waiting.delete(entry);
    if (isWaiting) this.#advance();
    return isWaiting;
  }

  /** Gives back what has been finished or started. */
  free(load: Load): void {
    this.#tasks -= load.tasks;
    this.#bytes -= load.bytes;
    this.#advance();
  }

  /** Resolves once nothing waits. */
  async emptied(): Promise<void> {
    if (this.#waiting.size === 0) return;
    await new Promise<void>((resolve) => this.#onEmpty.push(resolve));
  }

  #advance(): void {
    for (const entry of this.#waiting) {
      if (!this.#fits(entry.load)) return;
      this.#waiting.delete(entry);
      this.#tasks += entry.load.tasks;
      this.#bytes += entry.load.bytes;
      entry.send();
    }
    for (const resolve of this.#onEmpty.splice(0)) resolve();
  }

  /** What takes up nothing asks whether a task would find room. */
  #fits({ tasks, bytes }: Load): boolean {
    return this.#tasks + Math.max(tasks, 1) <= this.#capacity.tasks && this.#bytes + bytes <= this.#capacity.bytes;
  }
}
