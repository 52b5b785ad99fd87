import { FRAME_HEADER_BYTES, MAX_FRAME_BYTES, STRAY_TEXT_BYTES } from '../constants.js';
import { ProtocolFault } from '../faults.js';
import type { RawFrame } from '../frames.js';
import { decodeBareFrame } from './bare-frame.js';
import { readUint32 } from './big-endian.js';
import { ChunkQueue } from './chunk-queue.js';
import { decodeFrame } from './decode.js';
import { FrameAssembly } from './frame-assembly.js';
import { decodeOutputFrame } from './output-frame.js';
import { plainBytes } from './plain-bytes.js';
import type { ReadBuffer } from './read-buffer.js';
import { frameEmpty, frameTooLarge, frameTruncated } from './stream-faults.js';

/**
 * Cuts a byte stream into frames, in time linear in its bytes however they are split into chunks.
 *
 * - A frame that lies whole in one chunk is not copied: the binaries in its body are views that keep the chunk alive
 *   (see `ownBytes`) and show later changes to it, so a chunk must not be reused after `push`. What lies in a `ReadBuffer`
 *   is: frames are copied out of it, but for the data of `output`, which is good until the next frame is asked for.
 * - A declared length is checked before anything is allocated, and allocation follows what has arrived.
 * - After a fault the stream is no longer understood: the reader throws that fault again on every further use.
 */
export class FrameReader {
  #maxFrameBytes: number;
  readonly #chunks = new ChunkQueue();
  readonly #assembly = new FrameAssembly();
  readonly #buffer: ReadBuffer | undefined;
  /** How long the frame in assembly is, header included; the length of the header alone until that has come. */
  #assemblyTarget = FRAME_HEADER_BYTES;
  #fault: ProtocolFault | undefined;

  /**
   * @param options.maxFrameBytes the largest payload accepted, in bytes: 1 to 16,777,215 (the default)
   * @param options.buffer what the stream is read into. It is told what to keep when the generator of a `push` has been
   * read to its end; bytes of it that have been pushed are the reader's until then.
   * @throws RangeError where `maxFrameBytes` is out of range
   */
  constructor(options: { maxFrameBytes?: number; buffer?: ReadBuffer | undefined } = {}) {
    this.#maxFrameBytes = checkMaximum(options.maxFrameBytes ?? MAX_FRAME_BYTES);
    this.#buffer = options.buffer;
  }

  /** The largest payload accepted, in bytes. A new value goes for every frame whose header has not been read yet. */
  get maxFrameBytes(): number {
    return this.#maxFrameBytes;
  }

  /** @throws RangeError where the value is no integer from 1 to 16,777,215 */
  set maxFrameBytes(maxFrameBytes: number) {
    this.#maxFrameBytes = checkMaximum(maxFrameBytes);
  }

  /** Bytes that have been pushed and not yet yielded as part of a frame. */
  get pendingBytes(): number {
    return this.#chunks.byteLength + this.#assembly.length;
  }

  /**
   * Takes in `chunk` at once and yields the frames that are now whole, decoding each only when it is asked for.
   *
   * Leaving the generator early loses nothing: the frames that it has not yielded come first from the generator of the
   * next `push`, which may be given an empty chunk. Each frame is yielded exactly once, in the order of the stream.
   *
   * @throws ProtocolFault from the generator, after the frames before the faulty one; from `push` itself where the
   * reader has met a fault before
   */
  push(chunk: Uint8Array): Generator<RawFrame, void, void> {
    this.#refuseAfterFault();
    this.#chunks.push(chunk);
    return this.#frames();
  }

  /**
   * Says that the stream has ended. Every generator must have been read to its end before.
   *
   * @throws ProtocolFault `frame_truncated` where bytes are left that no frame was made of
   */
  end(): void {
    this.#refuseAfterFault();
    if (this.pendingBytes > 0) {
      throw this.#stop(frameTruncated(this.pendingBytes, this.#assemblyTarget, this.#firstBytes()));
    }
  }

  *#frames(): Generator<RawFrame, void, void> {
    for (let frame = this.#next(); frame !== undefined; frame = this.#next()) {
      yield frame;
    }
    if (this.#buffer !== undefined) this.#chunks.moveTo(this.#buffer.keep(this.#chunks.front));
  }

  /** The next frame, or undefined where it is not whole yet. */
  #next(): RawFrame | undefined {
    this.#refuseAfterFault();
    try {
      const whole = this.#wholeFrame();
      if (whole !== undefined || this.#staysInBuffer()) return whole;
      const payload = this.#assembledPayload();
      return payload && (decodeOutputFrame(payload, 0, payload.byteLength) ?? decodeFrame(payload));
    } catch (error) {
      throw error instanceof ProtocolFault ? this.#stop(error) : error;
    }
  }

  /** A frame that begins and ends in the current chunk, decoded where it lies. */
  #wholeFrame(): RawFrame | undefined {
    const { firstChunk, offset } = this.#chunks;
    if (this.#assembly.length > 0 || firstChunk.byteLength - offset < FRAME_HEADER_BYTES) {
      return undefined;
    }
    const start = offset + FRAME_HEADER_BYTES;
    const end = start + this.#readHeader(firstChunk, offset);
    if (end > firstChunk.byteLength) {
      return undefined;
    }
    this.#chunks.skip(end - offset);
    return (
      decodeBareFrame(firstChunk, start, end) ??
      decodeOutputFrame(firstChunk, start, end) ??
      decodeFrame(this.#keepable(plainBytes(firstChunk, start, end)))
    );
  }

  /** Bytes that views of them may keep: copied where they would be overwritten. */
  #keepable(bytes: Uint8Array): Uint8Array {
    return this.#buffer?.holds(bytes) ? new Uint8Array(bytes) : bytes;
  }

  /** Whether what is left is the beginning of a frame that will lie whole in the buffer. */
  #staysInBuffer(): boolean {
    const { firstChunk, offset, byteLength } = this.#chunks;
    if (this.#buffer === undefined || this.#assembly.length > 0 || byteLength === 0) return false;
    if (byteLength > firstChunk.byteLength - offset || !this.#buffer.holds(firstChunk)) return false;
    const payloadBytes = byteLength < FRAME_HEADER_BYTES ? 0 : this.#readHeader(firstChunk, offset);
    return FRAME_HEADER_BYTES + payloadBytes <= this.#buffer.capacity;
  }

  /** The payload of a frame that lies in several chunks, copied together as far as it has come. */
  #assembledPayload(): Uint8Array | undefined {
    while (this.#chunks.byteLength > 0) {
      const piece = this.#chunks.take(this.#assemblyTarget - this.#assembly.length);
      const isWhole = this.#assembly.length + piece.byteLength === this.#assemblyTarget;
      if (isWhole && this.#assemblyTarget > FRAME_HEADER_BYTES) {
        this.#assemblyTarget = FRAME_HEADER_BYTES;
        return this.#assembly.finish(piece).subarray(FRAME_HEADER_BYTES);
      }
      this.#assembly.append(this.#buffer === undefined ? piece : new Uint8Array(piece));
      if (isWhole) this.#assemblyTarget += this.#readHeader(this.#assembly.head(FRAME_HEADER_BYTES), 0);
    }
    return undefined;
  }

  /** The checked payload length that the header at `offset` declares. */
  #readHeader(bytes: Uint8Array, offset: number): number {
    const length = readUint32(bytes, offset);
    if (length === 0) {
      throw frameEmpty();
    }
    if (length > this.#maxFrameBytes) {
      throw frameTooLarge(length, this.#maxFrameBytes, this.#firstBytes());
    }
    return length;
  }

  /** The first bytes of the frame at hand, as far as they are needed to tell text from a frame. */
  #firstBytes(): Uint8Array {
    const { front } = this.#chunks;
    return Uint8Array.of(...this.#assembly.head(STRAY_TEXT_BYTES), ...front.subarray(0, STRAY_TEXT_BYTES));
  }

  #stop(fault: ProtocolFault): ProtocolFault {
    this.#fault = fault;
    this.#chunks.clear();
    this.#assembly.clear();
    return fault;
  }

  #refuseAfterFault(): void {
    if (this.#fault !== undefined) {
      const { code, message, detail } = this.#fault;
      throw new ProtocolFault(code, `the reader cannot be used after a fault: ${message}`, detail, {
        cause: this.#fault,
      });
    }
  }
}

function checkMaximum(maxFrameBytes: number): number {
  if (!Number.isInteger(maxFrameBytes) || maxFrameBytes < 1 || maxFrameBytes > MAX_FRAME_BYTES) {
    throw new RangeError(`maxFrameBytes must be an integer from 1 to ${MAX_FRAME_BYTES}, got ${maxFrameBytes}`);
  }
  return maxFrameBytes;
}
