import type { ByteSource } from './byte-streams.js';

/** So much is read ahead of who takes it, in bytes. */
const READ_AHEAD_BYTES = 4_194_304;

/** More than a pipe (1,048,576 bytes at most) or a socket pair can hold on its way, in bytes. */
const RESERVE_BYTES = 2_097_152;

/** What a chunk takes beside its bytes: a host that writes single bytes must not fill the memory. */
const CHUNK_OVERHEAD_BYTES = 512;

/**
 * Reads a source a bounded way ahead of who takes its chunks, so that the end of the host is seen while its frames
 * have to wait. Beyond the bound the source is not read on, and the host waits as well.
 */
export class ReadAhead implements ByteSource {
  readonly #chunks: Uint8Array[] = [];
  readonly #end = new AbortController();
  #boundBytes: number;
  #heldBytes = 0;
  #failure: { readonly error: unknown } | null = null;
  #wakeReader: () => void = () => {};
  #wakeTaker: () => void = () => {};

  /** @param boundBytes how much is read ahead, 4,194,304 bytes where it is left out */
  constructor(source: ByteSource, boundBytes = READ_AHEAD_BYTES) {
    this.#boundBytes = boundBytes;
    void this.#read(source);
  }

  /** Aborts when the source has ended, whether or not what came before its end has been taken. */
  get ended(): AbortSignal {
    return this.#end.signal;
  }

  /**
   * Reads so far beyond the bound that the end of a host that has left is reached: what it wrote last can fill no more
   * than the pipe. To be called once, when there is a reason to think so; a host that lives is merely read further.
   */
  readOn(): void {
    this.#boundBytes += RESERVE_BYTES;
    this.#wakeReader();
  }

  /** @throws what the source failed with, after the chunks before it */
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    return { next: () => this.#take() };
  }

  async #take(): Promise<IteratorResult<Uint8Array, undefined>> {
    for (;;) {
      const value = this.#chunks.shift();
      if (value !== undefined) {
        this.#heldBytes -= weigh(value);
        this.#wakeReader();
        return { value, done: false };
      }
      if (this.#end.signal.aborted) {
        if (this.#failure !== null) throw this.#failure.error;
        return { value: undefined, done: true };
      }
      await new Promise<void>((resolve) => {
        this.#wakeTaker = resolve;
      });
    }
  }

  async #read(source: ByteSource): Promise<void> {
    try {
      for await (const chunk of source) {
        this.#chunks.push(chunk);
        this.#heldBytes += weigh(chunk);
        this.#wakeTaker();
        while (this.#heldBytes >= this.#boundBytes) await this.#room();
      }
    } catch (error) {
      if (!isReset(error)) this.#failure = { error };
    }
    this.#end.abort();
    this.#wakeTaker();
  }

  #room(): Promise<void> {
    return new Promise((resolve) => {
      this.#wakeReader = resolve;
    });
  }
}

function weigh(chunk: Uint8Array): number {
  return chunk.byteLength + CHUNK_OVERHEAD_BYTES;
}

/** Who leaves with something unread resets a socket: that, too, is an end. */
function isReset(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ECONNRESET';
}
