import { FrameReader, parseSidecarFrame, type SidecarFrame } from '../../../protocol/index.js';
import type { ByteSink } from '../../../src/session/index.js';

/** A host that reads, or does not, as the test tells it. What it has read comes out as frames. */
export class TestSink implements ByteSink {
  readonly #reader = new FrameReader();
  readonly #gone = new AbortController();
  readonly #waiting: (() => void)[] = [];
  readonly #unwritten: (() => void)[] = [];
  #stalled: boolean;
  /** The frames that have come, in order. */
  readonly frames: SidecarFrame[] = [];
  /** How many bytes each write had. */
  readonly writes: number[] = [];

  constructor(options: { stalled?: boolean } = {}) {
    this.#stalled = options.stalled ?? false;
  }

  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /** The types of the frames that have come. */
  get types(): string[] {
    return this.frames.map(({ type }) => type);
  }

  /** The frames of one type that have come. */
  of<Type extends SidecarFrame['type']>(type: Type): Extract<SidecarFrame, { type: Type }>[] {
    return this.frames.filter((frame): frame is Extract<SidecarFrame, { type: Type }> => frame.type === type);
  }

  write(chunks: readonly Uint8Array[], onWritten: () => void = () => {}): boolean {
    this.writes.push(chunks.reduce((sum, { byteLength }) => sum + byteLength, 0));
    for (const chunk of chunks) {
      for (const raw of this.#reader.push(chunk)) this.frames.push(parseSidecarFrame(raw)!);
    }
    if (this.#stalled && !this.gone.aborted) {
      this.#unwritten.push(onWritten);
      return false;
    }
    onWritten();
    return true;
  }

  writeLent(bytes: Uint8Array, _keep: unknown, onWritten?: () => void): boolean | undefined {
    if (this.#unwritten.length > 0 || this.gone.aborted) return undefined;
    return this.write([bytes.slice()], onWritten);
  }

  async drained(): Promise<void> {
    while (this.#stalled && !this.gone.aborted) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  async flushed(): Promise<void> {
    await this.drained();
  }

  /** From the next write on there is no room. */
  stall(): void {
    this.#stalled = true;
  }

  resume(): void {
    this.#stalled = false;
    this.#wake();
  }

  /** Reads one write more and then stalls again. */
  readOnce(): void {
    this.#stalled = false;
    this.#wake();
    queueMicrotask(() => this.stall());
  }

  /** Nobody reads any more, for good. */
  vanish(): void {
    this.#gone.abort();
    this.#wake();
  }

  #wake(): void {
    for (const onWritten of this.#unwritten.splice(0)) onWritten();
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
