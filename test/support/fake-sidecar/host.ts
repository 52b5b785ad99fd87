import { writeSync } from 'node:fs';
import {
  encodeFrame,
  FrameReader,
  type HostFrame,
  parseHostFrame,
  type SidecarFrame,
  toTaggedJson,
} from '../../../protocol/index.js';

const PIECE_BYTES = 65_536;

/** The host at the other end of the standard streams, as the fake sidecar sees it. */
export class Host {
  readonly #reader = new FrameReader();
  readonly #received: HostFrame[] = [];
  #wake = () => {};
  #onFrame: ((frame: HostFrame) => void) | undefined;
  isReporting = false;
  isSplit = false;
  ignoresEnd = false;
  ignoresShutdown = false;

  constructor() {
    process.stdin.on('data', (chunk: Uint8Array) => {
      for (const raw of this.#reader.push(chunk)) this.#receive(parseHostFrame(raw)!);
    });
    process.stdin.on('end', () => {
      if (!this.ignoresEnd) process.exit(0);
    });
  }

  /** The next frame of a type; frames of other types wait for their turn. */
  async next<Type extends HostFrame['type']>(type: Type): Promise<HostFrame & { type: Type }> {
    for (;;) {
      const index = this.#received.findIndex((frame) => frame.type === type);
      if (index !== -1) return this.#received.splice(index, 1)[0] as HostFrame & { type: Type };
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Every frame that has not been taken goes to `onFrame` from now on. */
  listen(onFrame: (frame: HostFrame) => void): void {
    this.#onFrame = onFrame;
    for (const frame of this.#received.splice(0)) onFrame(frame);
  }

  send(frame: SidecarFrame): void {
    this.write(encodeFrame(frame));
  }

  write(bytes: Uint8Array): void {
    if (this.isSplit) for (const byte of bytes) process.stdout.write(Uint8Array.of(byte));
    else process.stdout.write(bytes);
  }

  /** Writes bytes `count` times, in large pieces, and waits whenever the host does not read. */
  async flood(bytes: Uint8Array, count: number): Promise<void> {
    const perPiece = Math.max(1, Math.floor(PIECE_BYTES / bytes.byteLength));
    const piece = Buffer.concat(Array(Math.min(perPiece, count)).fill(bytes));
    for (let left = count; left > 0; left -= perPiece) {
      const part = left < perPiece ? piece.subarray(0, left * bytes.byteLength) : piece;
      await new Promise((resolve) => process.stdout.write(part, resolve));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #receive(frame: HostFrame): void {
    if (this.isReporting) writeSync(2, `${JSON.stringify(toTaggedJson(frame))}\n`);
    if (this.#onFrame) this.#onFrame(frame);
    else this.#received.push(frame);
    this.#wake();
  }
}
