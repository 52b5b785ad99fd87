import type { Readable } from 'node:stream';

/**
 * Reads a stream of few and short lines, as they are asked for. It may be anybody who writes it: lines that are too
 * long, and more of them than there can be, are dropped, and a flood is read at a slow pace, so that it takes next to
 * nothing of the sidecar's memory and time.
 */
export class LineReader {
  readonly #lines: string[] = [];
  readonly #stream: Readable;
  #rest = '';
  #ended = false;
  #quietCharacters = QUIET_CHARACTERS;
  #wake: (() => void) | null = null;

  constructor(stream: Readable) {
    this.#stream = stream;
    stream.setEncoding('latin1');
    stream.on('data', (text: string) => this.#take(text));
    for (const event of ['end', 'close', 'error']) stream.once(event, () => this.#end());
  }

  /** The next line without its newline; null at the end. One caller at a time. */
  async next(): Promise<string | null> {
    while (this.#lines.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#lines.shift() ?? null;
  }

  close(): void {
    this.#stream.destroy();
    this.#end();
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split('\n');
    // One character more than a line may have, so that it is still known to be too long when its end comes.
    this.#rest = (lines.pop() ?? '').slice(0, MAX_LINE_CHARACTERS + 1);
    const kept = lines.filter((line) => line.length <= MAX_LINE_CHARACTERS);
    this.#lines.push(...kept.slice(0, MAX_LINES - this.#lines.length));
    this.#quietCharacters -= text.length;
    if (this.#quietCharacters < 0) this.#pauseForAWhile();
    this.#wake?.();
  }

  /** The stream goes on after a while: what its writers have to say at last is still read. */
  #pauseForAWhile(): void {
    this.#stream.pause();
    setTimeout(() => this.#stream.resume(), FLOOD_PAUSE_MS).unref();
  }

  #end(): void {
    this.#ended = true;
    this.#wake?.();
  }
}

const MAX_LINES = 16;
const MAX_LINE_CHARACTERS = 4_096;
/** What is beyond this is a flood, of which a piece of at most 64 KiB is read at a time. */
const QUIET_CHARACTERS = 65_536;
const FLOOD_PAUSE_MS = 50;
