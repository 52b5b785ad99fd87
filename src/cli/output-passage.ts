import type { Writable } from 'node:stream';
import { MAX_OUTPUT_CHUNK_BYTES } from '../../protocol/wire.js';
import { streamSink } from '../sidecar/index.js';
import type { QueueRegistry, WindowGauge } from '../tracking/index.js';

export interface OutputPassageOptions {
  readonly name: 'stdout' | 'stderr';
  readonly stream: Writable;
  readonly registry: QueueRegistry;
}

/** The way of output to a stream of this process, which may be read slowly or not at all: tracked, and never lossy. */
export class OutputPassage implements Disposable {
  readonly #stream: Writable;
  readonly #sink: ReturnType<typeof streamSink>;
  readonly #window: WindowGauge;
  #passedBytes = 0;

  constructor({ name, stream, registry }: OutputPassageOptions) {
    this.#stream = stream;
    this.#sink = streamSink(stream);
    this.#window = registry.openWindow({
      window: name,
      scope: 'sidecar',
      // A chunk gets in as long as the stream is not full.
      capacity: stream.writableHighWaterMark + MAX_OUTPUT_CHUNK_BYTES,
      name: `task → ${name}`,
      slow: () => `nobody reads the ${name} of this process, or too slowly`,
    });
  }

  /** Passes a copy of the bytes on. Where they find no room, the answer resolves when there is room again, or nobody reads any more. */
  write(bytes: Uint8Array): Promise<void> | undefined {
    this.#passedBytes += bytes.byteLength;
    const hasRoom = this.#sink.write([Uint8Array.from(bytes)]);
    this.#observe();
    return hasRoom ? undefined : this.#drained();
  }

  [Symbol.dispose](): void {
    this.#window.close();
  }

  async #drained(): Promise<void> {
    using _park = this.#window.park();
    await this.#sink.drained();
    this.#observe();
  }

  #observe(): void {
    this.#window.observe(this.#stream.writableLength, this.#passedBytes);
  }
}
