import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { LimitEvidence, OutputOptions } from '../../protocol/index.js';
import { MAX_OUTPUT_CHUNK_BYTES } from '../../protocol/wire.js';
import type { QueueGauge } from '../tracking/index.js';
import { cutMiddle, HeadTailBuffer } from './head-tail-buffer.js';
import { Stopwatch } from './stopwatch.js';
import type { OutputStreamName } from './task-listener.js';
import type { TerminationCause } from './termination.js';

export interface OutputRelayOptions {
  readonly output: OutputOptions;
  /** `limits.outputBytes`: stdout and stderr together. */
  readonly limitBytes: number;
  /** What stdout and stderr may hold together in the result. */
  readonly retainBytes: number;
  readonly gauge: QueueGauge;
  /** Called once, when the limit is passed. */
  readonly onLimit: (evidence: LimitEvidence) => void;
  /**
   * Takes a chunk in mode `stream`; the stream is not read on before the promise is settled. After that the bytes of
   * the chunk are used again, as those before it in its buffer may be from the beginning.
   */
  readonly deliver: (stream: OutputStreamName, offset: number, data: Uint8Array) => void | Promise<void>;
}

/** What has come of one output stream: what is kept of it, and how much it was. */
export interface OutputRecord {
  readonly kept: Uint8Array;
  readonly totalBytes: number;
  readonly truncated: boolean;
}

interface StreamState {
  readonly buffer: HeadTailBuffer;
  totalBytes: number;
  deliveredBytes: number;
  cut: boolean;
}

/** How long both streams may be silent, after the process tree is dead, before they are given up. */
const DRAIN_IDLE_MS = 1_000;

/** Brings the output of one process to where its task wants it, and counts it against `limits.outputBytes`. */
export class OutputRelay {
  readonly #options: OutputRelayOptions;
  readonly #streams: Record<OutputStreamName, StreamState>;
  readonly #stall = new Stopwatch();
  readonly #abandonment = new AbortController();
  #evidence: LimitEvidence | null = null;
  #totalBytes = 0;
  #lastProgress = performance.now();

  constructor(options: OutputRelayOptions) {
    this.#options = options;
    this.#streams = { stdout: newStreamState(options.retainBytes), stderr: newStreamState(options.retainBytes) };
  }

  /** How long output has waited to be taken, in ms. */
  get stalledMs(): number {
    return this.#stall.elapsedMs;
  }

  /** The evidence that the limit was passed, or null. */
  get evidence(): LimitEvidence | null {
    return this.#evidence;
  }

  /** What ends the task where its output passed the limit and may not: known even where that was seen after its end. */
  get overflow(): TerminationCause | null {
    if (this.#evidence === null || this.#options.output.onOverflow === 'truncate') return null;
    return { status: 'outputLimitExceeded', evidence: this.#evidence };
  }

  /**
   * Reads one stream to its end, and no further while what came waits to be taken. Never rejects: a stream that breaks
   * has ended.
   */
  async pump(name: OutputStreamName, stream: Readable): Promise<void> {
    let delivery: Promise<void> | undefined;
    stream.on('data', (chunk: Uint8Array) => {
      const waiting = this.#accept(name, chunk);
      this.#lastProgress = performance.now();
      if (waiting === undefined) return;
      stream.pause();
      delivery = this.#waitFor(waiting).then(() => {
        this.#lastProgress = performance.now();
        stream.resume();
      });
    });
    try {
      await finished(stream);
    } catch {
      this.#streams[name].cut = true;
    }
    await delivery;
  }

  /** Output that waits to be taken is dropped from now on, and marked as truncated. */
  abandon(): void {
    this.#abandonment.abort();
  }

  /**
   * Waits for the pumps after the process tree is dead. A pipe that somebody still holds open is given up when
   * nothing has come through it for a second; output that waits for the host is waited for.
   */
  async drain(pumps: Promise<unknown>, streams: readonly Readable[]): Promise<void> {
    this.#lastProgress = performance.now();
    const watch = setInterval(() => {
      const silent = performance.now() - this.#lastProgress;
      if (!this.#stall.running && silent >= DRAIN_IDLE_MS) for (const stream of streams) stream.destroy();
    }, DRAIN_IDLE_MS / 4);
    await pumps;
    clearInterval(watch);
  }

  /** What has come, cut to what a result may hold. */
  records(): Record<OutputStreamName, OutputRecord> {
    const { stdout, stderr } = this.#streams;
    const budget = this.#options.retainBytes;
    const out = stdout.buffer.bytes();
    const err = stderr.buffer.bytes();
    const half = Math.floor(budget / 2);
    const outShare = Math.max(half, budget - err.byteLength);
    const errShare = Math.max(budget - half, budget - out.byteLength);
    return { stdout: record(stdout, out, outShare), stderr: record(stderr, err, errShare) };
  }

  /** The limit is no longer tracked. */
  [Symbol.dispose](): void {
    this.#options.gauge.close();
  }

  #accept(name: OutputStreamName, chunk: Uint8Array): void | Promise<void> {
    const { output, limitBytes } = this.#options;
    const state = this.#streams[name];
    const room = Math.max(0, limitBytes - this.#totalBytes);
    const within = chunk.byteLength <= room ? chunk : chunk.subarray(0, room);
    state.totalBytes += chunk.byteLength;
    this.#totalBytes += chunk.byteLength;
    this.#options.gauge.observeDepth(this.#totalBytes);
    if (within !== chunk) this.#overflow(state);
    if (output.mode === 'collect') state.buffer.write(output.onOverflow === 'truncate' ? chunk : within);
    if (output.mode === 'stream' && within.byteLength > 0) return this.#deliver(name, state, within);
  }

  #overflow(state: StreamState): void {
    state.cut = true;
    if (this.#evidence !== null) return;
    this.#evidence = {
      limit: 'outputBytes',
      capacity: this.#options.limitBytes,
      observed: this.#totalBytes,
      enforcedBy: 'counter',
      confidence: 'measured',
    };
    this.#options.onLimit(this.#evidence);
  }

  /** Answers undefined where all of it has been taken at once. */
  #deliver(name: OutputStreamName, state: StreamState, data: Uint8Array): Promise<void> | undefined {
    const { signal } = this.#abandonment;
    for (let at = 0; at < data.byteLength && !signal.aborted; at += MAX_OUTPUT_CHUNK_BYTES) {
      const piece = data.subarray(at, at + MAX_OUTPUT_CHUNK_BYTES);
      const offset = state.deliveredBytes;
      state.deliveredBytes += piece.byteLength;
      const waiting = this.#options.deliver(name, offset, piece);
      if (waiting !== undefined) return this.#deliverRest(waiting, name, state, data.subarray(at + piece.byteLength));
    }
    state.cut ||= signal.aborted;
    return undefined;
  }

  async #deliverRest(
    waiting: Promise<void>,
    name: OutputStreamName,
    state: StreamState,
    rest: Uint8Array,
  ): Promise<void> {
    await waiting;
    await this.#deliver(name, state, rest);
  }

  async #waitFor(delivery: Promise<void>): Promise<void> {
    using _span = this.#stall.span();
    await delivery;
  }
}

function newStreamState(retainBytes: number): StreamState {
  return { buffer: new HeadTailBuffer(retainBytes), totalBytes: 0, deliveredBytes: 0, cut: false };
}

function record(state: StreamState, bytes: Uint8Array, share: number): OutputRecord {
  const kept = cutMiddle(bytes, share);
  const truncated = state.cut || state.buffer.truncated || kept.byteLength < bytes.byteLength;
  return { kept, totalBytes: state.totalBytes, truncated };
}
