/** Frames of this size and above are handed on as they are: copying them costs more than a further piece to write. */
const BY_REFERENCE_BYTES = 16_384;

/** Collects frames for one write: small neighbours are merged into one buffer, large ones passed by reference. */
export class FrameBatch {
  #frames: Uint8Array[] = [];
  #byteLength = 0;

  /** Bytes of the frames collected since the last `take`. */
  get byteLength(): number {
    return this.#byteLength;
  }

  /** The number of frames collected since the last `take`. */
  get frames(): number {
    return this.#frames.length;
  }

  /** Adds an encoded frame, which must not be changed afterwards. */
  add(frame: Uint8Array): void {
    this.#frames.push(frame);
    this.#byteLength += frame.byteLength;
  }

  /** Hands over what has been collected, in order, and starts anew; empty where nothing has been. */
  take(): Uint8Array[] {
    const frames = this.#frames;
    this.#frames = [];
    this.#byteLength = 0;
    return mergeSmall(frames);
  }
}

function mergeSmall(frames: readonly Uint8Array[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let small: Uint8Array[] = [];
  for (const frame of frames) {
    if (frame.byteLength < BY_REFERENCE_BYTES) {
      small.push(frame);
    } else {
      chunks.push(...merge(small), frame);
      small = [];
    }
  }
  chunks.push(...merge(small));
  return chunks;
}

/** None for none, one as it is, several as one. */
function merge(frames: readonly Uint8Array[]): readonly Uint8Array[] {
  if (frames.length < 2) {
    return frames;
  }
  const merged = new Uint8Array(frames.reduce((total, frame) => total + frame.byteLength, 0));
  let position = 0;
  for (const frame of frames) {
    merged.set(frame, position);
    position += frame.byteLength;
  }
  return [merged];
}
