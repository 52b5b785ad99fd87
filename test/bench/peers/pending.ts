/** Requests that have no answer yet, by their ids. */
export class Pending {
  readonly #resolvers = new Map<number, () => void>();
  #last = 0;

  /** Sends a request with an id of its own, and waits for its answer. */
  request(send: (id: number) => void): Promise<void> {
    this.#last += 1;
    const id = this.#last;
    return new Promise((resolve) => {
      this.#resolvers.set(id, resolve);
      send(id);
    });
  }

  answer(id: number): void {
    this.#resolvers.get(id)?.();
    this.#resolvers.delete(id);
  }
}
