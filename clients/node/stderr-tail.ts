import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { notify } from './listeners.js';

/** How much of the sidecar's stderr is kept for errors, in bytes. */
export const STDERR_TAIL_BYTES = 65_536;

/** Reads a stream to its end whatever comes, keeps the last of it, and hands the text on as it comes. */
export class StderrTail {
  /** The byte at position `p` of the stream lies at `p` modulo the size. */
  readonly #ring = Buffer.alloc(STDERR_TAIL_BYTES);
  #position = 0;

  constructor(stream: Readable, onText?: (text: string) => void) {
    const decoder = new StringDecoder('utf8');
    const handOn = (text: string) => {
      if (onText && text !== '') notify(onText, text);
    };
    stream.on('data', (chunk: Buffer) => {
      this.#keep(chunk);
      handOn(decoder.write(chunk));
    });
    stream.on('end', () => handOn(decoder.end()));
    stream.on('error', () => stream.destroy());
  }

  /** The last of the stream, at most `STDERR_TAIL_BYTES`. */
  text(): string {
    const at = this.#position % STDERR_TAIL_BYTES;
    const newest = this.#ring.subarray(0, at);
    const isFull = this.#position >= STDERR_TAIL_BYTES;
    return (isFull ? Buffer.concat([this.#ring.subarray(at), newest]) : newest).toString('utf8');
  }

  #keep(chunk: Buffer): void {
    const last = chunk.subarray(-STDERR_TAIL_BYTES);
    this.#position += chunk.byteLength - last.byteLength;
    const at = this.#position % STDERR_TAIL_BYTES;
    const copied = last.copy(this.#ring, at);
    last.copy(this.#ring, 0, copied);
    this.#position += last.byteLength;
  }
}
