/** Something that can keep the event loop of the host alive, or not. */
export interface Refable {
  ref(): void;
  unref(): void;
}

/** Keeps the host program alive exactly as long as somebody holds on. */
export class KeepAlive {
  #handles: readonly Refable[] = [];
  #holds = 0;

  /** From now on these handles keep the host alive while somebody holds on, and nothing else does. */
  use(handles: readonly Refable[]): void {
    for (const handle of this.#handles) handle.unref();
    this.#handles = handles;
    for (const handle of handles) {
      if (this.#holds > 0) handle.ref();
      else handle.unref();
    }
  }

  /** Holds on until the returned function is called; calling it again does nothing. */
  hold(): () => void {
    this.#holds += 1;
    if (this.#holds === 1) for (const handle of this.#handles) handle.ref();
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#holds -= 1;
      if (this.#holds === 0) for (const handle of this.#handles) handle.unref();
    };
  }
}
