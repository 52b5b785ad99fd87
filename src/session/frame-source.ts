import { type HostFrame, parseHostFrame } from '../../protocol/index.js';
import type { RawFrames, ReceivedRaw } from './raw-frames.js';

/** A frame from the host and how many bytes of the stream it took. */
export interface ReceivedFrame {
  readonly frame: HostFrame;
  readonly byteLength: number;
}

/**
 * The frames of the host, in order, each judged when it is asked for.
 * @throws ProtocolFault for everything that is not a frame of a host
 */
export class FrameSource {
  readonly #frames: RawFrames;

  constructor(frames: RawFrames) {
    this.#frames = frames;
  }

  /** The next frame where it has been read already, or undefined: then `next` reads on. */
  poll(): ReceivedFrame | undefined {
    for (let received = this.#frames.poll(); received !== undefined; received = this.#frames.poll()) {
      const judged = judge(received);
      if (judged !== undefined) return judged;
    }
    return undefined;
  }

  /** The next frame, or null at the end of the stream. */
  async next(): Promise<ReceivedFrame | null> {
    for (let received = await this.#frames.next(); received !== null; received = await this.#frames.next()) {
      const judged = judge(received);
      if (judged !== undefined) return judged;
    }
    return null;
  }
}

/** Undefined for a frame that is to be ignored. */
function judge({ raw, byteLength }: ReceivedRaw): ReceivedFrame | undefined {
  const frame = parseHostFrame(raw);
  return frame === null ? undefined : { frame, byteLength };
}
