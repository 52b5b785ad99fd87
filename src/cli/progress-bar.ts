import type { CliIo } from './cli-io.js';

const WIDTH = 30;

/** How far a batch is, redrawn in place on a terminal; nothing at all where stderr is none. */
export class ProgressBar implements Disposable {
  readonly #stream: CliIo['stderr'];
  #begun = 0;
  #ended = 0;

  constructor(stream: CliIo['stderr']) {
    this.#stream = stream;
  }

  begun(): void {
    this.#begun += 1;
    this.#draw();
  }

  ended(): void {
    this.#ended += 1;
    this.#draw();
  }

  [Symbol.dispose](): void {
    if (this.#stream.isTTY && this.#begun > 0) this.#stream.write('\n');
  }

  #draw(): void {
    if (!this.#stream.isTTY) return;
    const filled = Math.round((this.#ended / this.#begun) * WIDTH);
    const bar = '█'.repeat(filled) + '░'.repeat(WIDTH - filled);
    this.#stream.write(`\r${bar} ${this.#ended}/${this.#begun}`);
  }
}
