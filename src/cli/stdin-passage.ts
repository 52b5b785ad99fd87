import type { Readable } from 'node:stream';
import type { TaskHandle } from '../executor/index.js';

/** The way of a stream of this process to the stdin of one task: it is read as fast as the task takes it. */
export class StdinPassage {
  #allowed: number;
  #wake: (() => void) | null = null;

  /** @param windowBytes how much the task takes at first */
  constructor(windowBytes: number) {
    this.#allowed = windowBytes;
  }

  /** The task takes this many bytes in all. */
  allow(totalBytes: number): void {
    this.#allowed = totalBytes;
    this.#wake?.();
  }

  /** Passes on what comes to its end. Never rejects. */
  async feed(source: Readable, { stdin }: TaskHandle): Promise<void> {
    if (stdin === null) return;
    try {
      for await (const chunk of source) {
        for (let rest = chunk as Buffer; rest.byteLength > 0; ) {
          const piece = rest.subarray(0, await this.#room(stdin.receivedBytes));
          stdin.write(piece);
          rest = rest.subarray(piece.byteLength);
        }
      }
    } catch {
      // A stdin that breaks has ended.
    }
    stdin.end();
  }

  /** Resolves with how many bytes may be sent, at least one, when `sent` have been. */
  async #room(sent: number): Promise<number> {
    while (this.#allowed <= sent) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#allowed - sent;
  }
}
