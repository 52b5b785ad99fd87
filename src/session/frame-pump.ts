import { FrameBatch } from '../../protocol/wire.js';
import type { ParkLog } from '../tracking/index.js';
import type { ByteSink } from './byte-streams.js';

/** Where the pump takes encoded frames from. */
export interface FrameSupply {
  /** The next frame that is to be written, or null where there is none. `now` is as `performance.now()` tells it. */
  take(now: number): Uint8Array | null;
  /** A copy of bytes that belong to somebody else, to be given back like what was taken. */
  copyOf(bytes: Uint8Array): Uint8Array;
  /** Some of what was taken has left the process, or never will: its bytes may be used again. */
  giveBack(written: Uint8Array): void;
}

/** How many bytes go out in one write, at most and give or take one frame. */
const WRITE_BYTES = 131_072;

/** Moves frames from their queue to the host: one coalesced write a tick, and none while the host does not read. */
export class FramePump {
  readonly #supply: FrameSupply;
  readonly #sink: ByteSink;
  readonly #parks: ParkLog;
  #running = false;
  #idle: Promise<void> = Promise.resolve();

  /** @param parks is where the pump is parked while the host does not read */
  constructor(supply: FrameSupply, sink: ByteSink, parks: ParkLog) {
    this.#supply = supply;
    this.#sink = sink;
    this.#parks = parks;
  }

  /** There may be something to write. */
  wake(): void {
    if (this.#running) return;
    this.#running = true;
    this.#idle = this.#run();
  }

  /**
   * Writes a frame past the queue, where nothing waits. False: it has to wait. Its bytes may be changed afterwards: what
   * finds no room is copied.
   */
  writeNow(frame: Uint8Array): boolean {
    if (this.#running) return false;
    let rest: Uint8Array | undefined;
    const keep = (bytes: Uint8Array) => {
      rest = this.#supply.copyOf(bytes);
      return rest;
    };
    const hasRoom = this.#sink.writeLent(frame, keep, () => rest && this.#supply.giveBack(rest));
    if (hasRoom === false) {
      this.#running = true;
      this.#idle = this.#drained().then(() => this.#run());
    }
    return hasRoom !== undefined;
  }

  /** Resolves when nothing is left to be written and what was written has left the process. */
  async flushed(): Promise<void> {
    while (this.#running) await this.#idle;
    await this.#sink.flushed();
  }

  async #run(): Promise<void> {
    // The rest of this tick may bring more frames: they go out in the same write.
    await Promise.resolve();
    for (let chunks = this.#takeBatch(); chunks.length > 0; chunks = this.#takeBatch()) {
      if (!this.#write(chunks) && !this.#sink.gone.aborted) await this.#drained();
    }
    this.#running = false;
  }

  #write(chunks: readonly Uint8Array[]): boolean {
    return this.#sink.write(chunks, () => {
      for (const chunk of chunks) this.#supply.giveBack(chunk);
    });
  }

  async #drained(): Promise<void> {
    using _park = this.#parks.park();
    await this.#sink.drained();
  }

  #takeBatch(): Uint8Array[] {
    const batch = new FrameBatch();
    const now = performance.now();
    while (batch.byteLength < WRITE_BYTES) {
      const frame = this.#supply.take(now);
      if (frame === null) break;
      batch.add(frame);
    }
    return batch.take();
  }
}
