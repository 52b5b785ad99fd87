/** Where an element stands in a `LinkedQueue`. */
export interface Place<T> {
  readonly value: T;
  previous: Place<T> | null;
  next: Place<T> | null;
}

/** First in, first out, and out of the middle too: every operation takes constant time. */
export class LinkedQueue<T> {
  #first: Place<T> | null = null;
  #last: Place<T> | null = null;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  get first(): T | undefined {
    return this.#first?.value;
  }

  /** Adds an element at the end. The place is what removes it again. */
  push(value: T): Place<T> {
    const place: Place<T> = { value, previous: this.#last, next: null };
    if (this.#last === null) this.#first = place;
    else this.#last.next = place;
    this.#last = place;
    this.#length += 1;
    return place;
  }

  /** Takes the first element. */
  shift(): T | undefined {
    const place = this.#first;
    if (place !== null) this.remove(place);
    return place?.value;
  }

  /** Takes an element from its place, in which it must still be. */
  remove({ previous, next }: Place<T>): void {
    if (previous === null) this.#first = next;
    else previous.next = next;
    if (next === null) this.#last = previous;
    else next.previous = previous;
    this.#length -= 1;
  }
}
