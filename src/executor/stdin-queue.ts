import type { Writable } from 'node:stream';
import type { QueueSnapshot } from '../../protocol/index.js';
import type { WindowGauge } from '../tracking/index.js';

/**
 * Streamed stdin on its way to a process: bounded by a window of bytes that are received and not yet consumed. A full
 * window is how streaming goes, not a sign of trouble: nobody waits in here, the sender simply has no credit yet.
 * What the process can no longer take, because it has closed its stdin or ended, counts as consumed.
 */
export class StdinQueue {
  /** How many bytes may be received and not yet consumed. */
  readonly windowBytes: number;
  readonly #onAllowed: (totalBytes: number) => void;
  readonly #chunks: Uint8Array[] = [];
  #receivedBytes = 0;
  #consumedBytes = 0;
  #announcedBytes: number;
  #ended = false;
  #closed = false;
  #wake: (() => void) | null = null;
  #window: WindowGauge | null = null;

  constructor(options: { windowBytes: number; onAllowed: (totalBytes: number) => void }) {
    this.windowBytes = options.windowBytes;
    this.#announcedBytes = options.windowBytes;
    this.#onAllowed = options.onAllowed;
  }

  /** How many bytes may have been received in all by now. */
  get allowedBytes(): number {
    return this.#announcedBytes;
  }

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** Whether the end of stdin has been received. */
  get ended(): boolean {
    return this.#ended;
  }

  /** How the window is used since there is a process to feed, or was when that ended; null before. */
  get usage(): QueueSnapshot | null {
    return this.#window?.snapshot() ?? null;
  }

  /** Takes in a chunk, which must be within the window and is kept as it is. Empty ones, which no window bounds, are not. */
  write(chunk: Uint8Array): void {
    if (chunk.byteLength === 0) return;
    this.#receivedBytes += chunk.byteLength;
    if (this.#closed) {
      this.#consumed(chunk.byteLength);
    } else {
      this.#chunks.push(chunk);
      this.#observe();
      this.#wake?.();
    }
  }

  /** No more will come. */
  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  /**
   * Feeds a process until the end of stdin, or until the process takes no more. Never rejects.
   * @param window is told what waits here from now on, and parks who feeds a process that does not read
   */
  async feed(stdin: Writable, window: WindowGauge | null = null): Promise<void> {
    this.#window = window;
    this.#observe();
    const wake = () => this.#wake?.();
    stdin.on('error', () => stdin.destroy());
    stdin.on('drain', wake);
    stdin.on('close', wake);
    while (!stdin.destroyed) {
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) {
        stdin.write(chunk);
        if (stdin.writableNeedDrain) await this.#drained(stdin);
        this.#consumed(chunk.byteLength);
      } else if (this.#ended) {
        stdin.end();
        break;
      } else {
        await this.#change();
      }
    }
    while (!stdin.closed) await this.#change();
    this.close();
  }

  /** Gives up what waits; what comes from now on is dropped. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const chunk of this.#chunks.splice(0)) this.#consumed(chunk.byteLength);
  }

  async #drained(stdin: Writable): Promise<void> {
    using _park = this.#window?.park();
    while (stdin.writableNeedDrain && !stdin.destroyed) await this.#change();
  }

  #observe(): void {
    this.#window?.observe(this.#receivedBytes - this.#consumedBytes, this.#receivedBytes);
  }

  /** Resolves when the host has sent something, or the process takes more, or nothing any more. */
  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  /** Announces new credit in steps of half a window, so that credit does not cost a frame a chunk. */
  #consumed(bytes: number): void {
    this.#consumedBytes += bytes;
    this.#observe();
    const allowed = this.#consumedBytes + this.windowBytes;
    if (allowed - this.#announcedBytes < this.windowBytes / 2) return;
    this.#announcedBytes = allowed;
    this.#onAllowed(allowed);
  }
}
