/** Frames of which only the newest with the same key matters, in the order in which their newest came. */
export class ReplaceableFrames {
  readonly #frames = new Map<string, Uint8Array>();

  set(key: string, frame: Uint8Array): void {
    this.#frames.delete(key);
    this.#frames.set(key, frame);
  }

  /** Takes the oldest, or answers null where there is none. */
  take(): Uint8Array | null {
    for (const [key, frame] of this.#frames) {
      this.#frames.delete(key);
      return frame;
    }
    return null;
  }

  clear(): void {
    this.#frames.clear();
  }
}
