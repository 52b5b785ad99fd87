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
  /** Why the sidecar that is there now could never take it; undefined where it could. */
  readonly misfit: () => Error | undefined;
  /** Called instead of `send` where it could not. */
  readonly refuse: (error: Error) => void;
}

/**
 * The credit of a session: how many tasks may be unfinished and how many bytes of their frames unstarted. What does
 * not fit waits here, first come first served, so the sidecar never has to stop reading. Everything waits while the
 * window is shut, as it is at first.
 */
export class SubmitWindow {
  readonly #waiting = new Set<Waiting>();
  #isOpen = false;
  #capacity: Load = { tasks: 0, bytes: 0 };
  #tasks = 0;
  #bytes = 0;
  #onEmpty: (() => void)[] = [];

  /** That of the sidecar that is there, or of the last one. */
  get capacity(): Load {
    return this.#capacity;
  }

  /** A new sidecar is there, which has nothing under way. What it could never take is refused. */
  open(capacity: Load): void {
    this.#capacity = capacity;
    this.#tasks = 0;
    this.#bytes = 0;
    this.#isOpen = true;
    for (const entry of [...this.#waiting]) {
      const error = entry.misfit();
      if (!error) continue;
      this.#waiting.delete(entry);
      entry.refuse(error);
    }
    this.#advance();
  }

  /** Nothing is sent any more. */
  shut(): void {
    this.#isOpen = false;
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
      if (!this.#isOpen || !this.#fits(entry.load)) return;
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
