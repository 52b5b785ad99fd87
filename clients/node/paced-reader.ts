import type { Readable } from 'node:stream';
import { FrameReader, type RawFrame, type ReadBuffer } from '../../protocol/index.js';

/** How many frames are handled in one turn of the host's event loop, at most. */
export const FRAMES_PER_TURN = 256;

export interface PacedReaderOptions {
  /** What the stream is read into, where it is: see `intoOneBuffer`. */
  readonly buffer?: ReadBuffer | undefined;
  /** Takes each frame in its order. What it throws ends the reading. */
  readonly onFrame: (frame: RawFrame) => void;
  /** Called once when the stream is no longer understood, or `onFrame` has thrown. */
  readonly onError: (error: unknown) => void;
  /** Called once when the stream has ended between frames. */
  readonly onEnd: () => void;
}

/**
 * Reads frames from a stream, and never so many in one turn of the event loop that a flood of them starves the host:
 * beyond `FRAMES_PER_TURN` the stream is paused, which holds back its writer, until the rest has had its turns.
 */
export class PacedReader {
  readonly #stream: Readable;
  readonly #options: PacedReaderOptions;
  readonly #reader: FrameReader;
  #left = FRAMES_PER_TURN;
  #turn: NodeJS.Immediate | undefined;
  #isBehind = false;
  #hasEnded = false;
  #isDone = false;

  constructor(stream: Readable, options: PacedReaderOptions) {
    this.#stream = stream;
    this.#options = options;
    this.#reader = new FrameReader({ buffer: options.buffer });
    stream.on('data', (chunk: Uint8Array) => this.#guard(() => this.#read(chunk)));
    stream.on('end', () => this.#guard(() => this.#end()));
    stream.on('error', () => this.#guard(() => this.#end()));
  }

  /** Whether frames have arrived that the host has had no time for yet. */
  get isBehind(): boolean {
    return this.#isBehind;
  }

  /** Hands on no more, whatever has arrived and will: it is read and dropped, so that nobody waits to write it. */
  stop(): void {
    this.#isDone = true;
    this.#isBehind = false;
    clearImmediate(this.#turn);
    this.#stream.resume();
  }

  #read(chunk: Uint8Array): void {
    if (this.#isDone) return;
    const frames = this.#reader.push(chunk);
    while (this.#left > 0) {
      const { value: frame, done } = frames.next();
      if (done) {
        this.#caughtUp();
        return;
      }
      this.#count();
      this.#options.onFrame(frame);
      if (this.#isDone) return;
    }
    this.#isBehind = true;
    this.#stream.pause();
  }

  /** A turn that has handled few frames needs no end of its own: they count towards the next one. */
  #count(): void {
    this.#left -= 1;
    if (this.#left < FRAMES_PER_TURN / 2) this.#turn ??= setImmediate(() => this.#guard(() => this.#nextTurn()));
  }

  #nextTurn(): void {
    this.#turn = undefined;
    this.#left = FRAMES_PER_TURN;
    if (this.#isBehind) this.#read(NOTHING);
  }

  #caughtUp(): void {
    if (!this.#isBehind) return;
    this.#isBehind = false;
    this.#stream.resume();
    if (this.#hasEnded) this.#end();
  }

  /** A stream that breaks ends like one that is closed, but what has arrived before is handled first. */
  #end(): void {
    this.#hasEnded = true;
    if (this.#isDone || this.#isBehind) return;
    this.stop();
    this.#reader.end();
    this.#options.onEnd();
  }

  #guard(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.stop();
      this.#options.onError(error);
    }
  }
}

const NOTHING = new Uint8Array(0);
