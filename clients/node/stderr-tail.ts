import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { notify } from './listeners.js';

/** How much of the sidecar's stderr is kept for errors, in bytes. */
export const STDERR_TAIL_BYTES = 65_536;

/** Reads a stream to its end whatever comes, keeps the last of it, and hands the text on as it comes. */
export class StderrTail {
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

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
    return Buffer.concat(this.#chunks).subarray(-STDERR_TAIL_BYTES).toString('utf8');
  }

  #keep(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.byteLength;
    while (this.#bytes - this.#chunks[0]!.byteLength >= STDERR_TAIL_BYTES) {
      this.#bytes -= this.#chunks.shift()!.byteLength;
    }
  }
}
