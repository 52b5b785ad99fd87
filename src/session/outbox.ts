import type { EncodeOptions, LimitWarning, SidecarFrame } from '../../protocol/index.js';
import { BufferPool, encodeFrame, encodeOutputFrameInPlace, MAX_OUTPUT_FRAME_BYTES } from '../../protocol/wire.js';
import type { ParkLog, QueueRegistry } from '../tracking/index.js';
import type { ByteSink } from './byte-streams.js';
import { FramePump } from './frame-pump.js';
import { LaneQueue } from './lane-queue.js';
import { ReplaceableFrames } from './replaceable-frames.js';
import { RoomQueue } from './room-queue.js';

/** How much may wait for the host. */
export interface OutboxBounds {
  readonly maxFrameBytes: number;
  /** Output frames that may wait, in items and bytes. */
  readonly outputFrames: number;
  readonly outputBytes: number;
  /** Results (and results asked for) that may wait, in items and bytes: their places are theirs alone. */
  readonly results: number;
  readonly resultBytes: number;
  /** Control frames that may wait. */
  readonly controlFrames: number;
  /** The places of `controlFrames` that are kept for frames that cannot wait. */
  readonly reservedControlFrames: number;
}

export interface OutboxOptions extends OutboxBounds {
  readonly registry: QueueRegistry;
  readonly sink: ByteSink;
}

interface ControlFrame {
  readonly bytes: Uint8Array;
  readonly since: number;
  readonly onTaken: (() => void) | undefined;
}

/** How many output frames of one task may wait, so that no task fills the queue alone. */
const OUTPUT_FRAMES_PER_TASK = 4;

/** Smaller frames get no buffer that is used again: it would be mostly empty. */
const LARGE_FRAME_BYTES = 16_384;

/** More than this many buffers that hold no frame are let go of. */
const MAX_KEPT_BUFFERS = 16;

/**
 * The frames that wait for the host to read. Control frames go first; warnings, windows, usage and heartbeats are
 * replaced by newer ones of their kind; then the tasks take turns, each with its output in order and its result
 * last. Nothing is dropped: who adds output or a result waits for room, and so slows down what produces it.
 */
export class Outbox {
  readonly #encoding: Required<EncodeOptions>;
  readonly #buffers = new BufferPool({
    bufferBytes: MAX_OUTPUT_FRAME_BYTES,
    maxKept: MAX_KEPT_BUFFERS,
    leastBytes: LARGE_FRAME_BYTES,
  });
  readonly #pump: FramePump;
  readonly #control: ControlFrame[] = [];
  readonly #controlRoom: RoomQueue;
  readonly #replaceable = new ReplaceableFrames();
  readonly #lanes = new LaneQueue();
  readonly #outputRoom: RoomQueue;
  readonly #resultRoom: RoomQueue;
  #sealed = false;

  constructor(options: OutboxOptions) {
    const { registry, sink, outputFrames, outputBytes, results, resultBytes, controlFrames } = options;
    this.#encoding = {
      maxFrameBytes: options.maxFrameBytes,
      allocate: (bytes) => this.#buffers.take(bytes),
    };
    const supply = {
      take: (now: number) => this.#take(now),
      copyOf: (bytes: Uint8Array) => this.#buffers.copyOf(bytes),
      giveBack: (written: Uint8Array) => this.#buffers.giveBack(written),
    };
    this.#pump = new FramePump(supply, sink, this.#watchHost(registry));
    this.#controlRoom = new RoomQueue(
      registry.register({ limit: 'controlQueue', capacity: controlFrames, capacityBytes: options.maxFrameBytes }),
      { capacity: controlFrames - options.reservedControlFrames, capacityBytes: options.maxFrameBytes },
    );
    this.#outputRoom = new RoomQueue(
      registry.register({ limit: 'outputQueue', capacity: outputFrames, capacityBytes: outputBytes }),
      { capacity: outputFrames, capacityBytes: outputBytes, capacityPerKey: OUTPUT_FRAMES_PER_TASK },
    );
    this.#resultRoom = new RoomQueue(
      registry.register({ limit: 'resultQueue', capacity: results, capacityBytes: resultBytes }),
      { capacity: results, capacityBytes: resultBytes },
    );
  }

  /**
   * Adds a frame that goes before all output and results. `onTaken` is called when it is on its way.
   * @throws ProtocolFault `frame_too_large`, with nothing added
   */
  control(frame: SidecarFrame, onTaken?: () => void): void {
    if (this.#sealed) return;
    const bytes = this.#encode(frame);
    this.#controlRoom.enter(bytes.byteLength);
    this.#control.push({ bytes, since: performance.now(), onTaken });
    this.#pump.wake();
  }

  /** Resolves when the host has read enough for more control frames. Answers undefined where there is room now. */
  controlRoom(): Promise<void> | undefined {
    return this.#controlRoom.available();
  }

  /** Adds a frame of which only the newest with the same key matters. It has its place whatever else waits. */
  replaceable(key: string, frame: SidecarFrame): void {
    if (this.#sealed) return;
    this.#replaceable.set(key, this.#encode(frame));
    this.#pump.wake();
  }

  /** Adds a warning: one place for each scope, limit and kind, never behind the queue that it warns about. */
  warning(id: number, warning: LimitWarning): void {
    const key = `limitWarning ${warning.scope} ${warning.limit} ${warning.kind}`;
    this.replaceable(key, { type: 'limitWarning', id, body: warning });
  }

  /**
   * Adds output of a task, after waiting for room. Answers undefined where there is room now. The data may be changed once
   * it has been added.
   */
  output(id: number, frame: SidecarFrame & { type: 'output' }): Promise<void> | undefined {
    const bytes = frame.body.data.byteLength;
    if (this.#writeNow(id, frame)) return undefined;
    const add = () => this.#addToLane(id, frame, (waitedMs) => this.#outputRoom.leave(bytes, id, waitedMs));
    const waiting = this.#sealed ? undefined : this.#outputRoom.request(bytes, id);
    if (waiting === undefined) {
      add();
      return undefined;
    }
    return waiting.then(add);
  }

  /**
   * Adds a result or an answer of that size, behind the output of the same id, after waiting for room.
   * @throws ProtocolFault `frame_too_large`, with nothing added
   */
  async result(id: number, frame: SidecarFrame, weightBytes: number, onTaken?: () => void): Promise<void> {
    const waiting = this.#sealed ? undefined : this.#resultRoom.request(weightBytes, id);
    if (waiting !== undefined) await waiting;
    const leave = (waitedMs: number) => this.#resultRoom.leave(weightBytes, id, waitedMs);
    try {
      this.#addToLane(id, frame, (waitedMs) => {
        leave(waitedMs);
        onTaken?.();
      });
    } catch (error) {
      leave(0);
      throw error;
    }
  }

  /** Resolves when everything has been written and has left the process. */
  flushed(): Promise<void> {
    return this.#pump.flushed();
  }

  /** Adds one last frame. Everything that waits is dropped where `dropWaiting`; nothing can be added any more. */
  seal(lastFrame: SidecarFrame | null, options: { dropWaiting: boolean }): void {
    if (this.#sealed) return;
    if (options.dropWaiting) this.#drop();
    if (lastFrame !== null) this.#lanes.pushLast({ bytes: this.#encode(lastFrame), onTaken: () => {} });
    this.#sealed = true;
    this.liftBounds();
    this.#pump.wake();
  }

  /** Nobody waits for room from now on: what is still to come is bounded by the tasks that are left. */
  liftBounds(): void {
    for (const room of this.#rooms) room.open();
  }

  /** The tracked limits leave the snapshot. */
  [Symbol.dispose](): void {
    for (const room of this.#rooms) room.close();
  }

  get #rooms(): readonly RoomQueue[] {
    return [this.#controlRoom, this.#outputRoom, this.#resultRoom];
  }

  /** Where the host keeps up with a stream, each byte of it is only read and written. */
  #writeNow(id: number, { body }: SidecarFrame & { type: 'output' }): boolean {
    const { byteLength } = body.data;
    if (this.#sealed || byteLength < LARGE_FRAME_BYTES) return false;
    const bytes = encodeOutputFrameInPlace(id, body, this.#encoding.maxFrameBytes);
    if (bytes === undefined || !this.#pump.writeNow(bytes)) return false;
    this.#outputRoom.enter(byteLength, id);
    this.#outputRoom.leave(byteLength, id);
    return true;
  }

  #addToLane(id: number, frame: SidecarFrame, onTaken: (waitedMs: number) => void): void {
    if (this.#sealed) return;
    const since = performance.now();
    this.#lanes.push(id, { bytes: this.#encode(frame), onTaken: (now) => onTaken(now - since) });
    this.#pump.wake();
  }

  #take(now: number): Uint8Array | null {
    const control = this.#control.shift();
    if (control !== undefined) {
      this.#controlRoom.leave(control.bytes.byteLength, 0, now - control.since);
      control.onTaken?.();
      return control.bytes;
    }
    const replaceable = this.#replaceable.take();
    if (replaceable !== null) return replaceable;
    const next = this.#lanes.take();
    next?.onTaken(now);
    return next?.bytes ?? null;
  }

  /** What the pump waits at. All three queues stand before it: the fullest tells how it is. */
  #watchHost(registry: QueueRegistry): ParkLog {
    return registry.watch({
      name: 'outbox → host',
      scope: 'sidecar',
      slow: () => 'the host does not read, or too slowly',
      reading: () =>
        this.#rooms.map((room) => room.reading()).reduce((a, b) => (b.fillPercent > a.fillPercent ? b : a)),
    });
  }

  #drop(): void {
    this.#control.length = 0;
    this.#replaceable.clear();
    this.#lanes.clear();
  }

  #encode(frame: SidecarFrame): Uint8Array {
    return encodeFrame(frame, this.#encoding);
  }
}
