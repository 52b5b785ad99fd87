import { encodeFrame, type RawFrame, toTaggedJson } from '../../protocol/index.js';
import type { Captures } from './captures.js';
import type { Json } from './json.js';
import { mismatch } from './pattern.js';
import type { Peer } from './peer.js';
import type { Header } from './transcript.js';

/** What a sidecar may send at any time: nobody has to expect it, and everybody may. */
const INCIDENTAL_TO_HOST = ['limitWarning', 'usage', 'heartbeat', 'window'];

/** The same of a client. Its pings are answered. */
const INCIDENTAL_TO_SIDECAR = ['window', 'ping'];

/** Compares the frames of the peer with what a transcript expects. */
export class FrameExpectations {
  readonly #peer: Peer;
  readonly #captures: Captures;
  readonly #incidental: ReadonlySet<string>;
  readonly #answersPings: boolean;

  constructor(peer: Peer, { plays, ignore = [] }: Header, captures: Captures) {
    this.#peer = peer;
    this.#captures = captures;
    this.#answersPings = plays === 'sidecar';
    this.#incidental = new Set([...(plays === 'host' ? INCIDENTAL_TO_HOST : INCIDENTAL_TO_SIDECAR), ...ignore]);
  }

  /** Takes a frame for each of these patterns, in any order. Frames that match one of `passing` may come in between. */
  async take(patterns: readonly Json[], passing: readonly Json[], deadline: number): Promise<void> {
    const wanted = [...patterns];
    while (wanted.length > 0) {
      const frame = await this.#arrived(deadline, wanted);
      const value = tuple(frame);
      const reasons = wanted.map((pattern) => mismatch(pattern, value, this.#captures));
      const found = reasons.indexOf(null);
      if (found !== -1) wanted.splice(found, 1);
      else if (!this.#passes(frame, passing)) {
        throw new Error(`${reasons.join('; or ')}\n  came: ${showFrame(frame)}\n  expected: ${showAll(wanted)}`);
      }
    }
  }

  /** The next frame that is wanted; one that is not, and may not come at any time, is a failure. */
  async next(isWanted: (frame: RawFrame) => boolean, deadline: number): Promise<RawFrame> {
    for (;;) {
      const frame = await this.#arrived(deadline, []);
      if (isWanted(frame)) return frame;
      if (!this.#mayPass(frame)) throw new Error(`another frame came: ${showFrame(frame)}`);
    }
  }

  /** Nothing that matches may come until `deadline`. What does not match stays for later steps. */
  async none(pattern: Json, deadline: number): Promise<void> {
    const passed = [];
    for (;;) {
      const arrival = await this.#peer.inbox.peek(deadline);
      if (arrival === undefined || !('frame' in arrival)) break;
      if (mismatch(pattern, tuple(arrival.frame), new Map(this.#captures)) === null) {
        throw new Error(`no such frame was to come, but this one did: ${showFrame(arrival.frame)}`);
      }
      passed.push(arrival);
      this.#peer.inbox.shift();
    }
    this.#peer.inbox.putBack(passed);
  }

  /** Nothing may come any more but the end of the stream, and what is `passing` or may come at any time. */
  async end(passing: readonly Json[], deadline: number): Promise<void> {
    for (;;) {
      const arrival = await this.#peer.inbox.peek(deadline);
      if (arrival === undefined) throw new Error('the stream did not end in time');
      if ('fault' in arrival) throw arrival.fault;
      if ('end' in arrival) return;
      this.#peer.inbox.shift();
      if (!this.#passes(arrival.frame, passing))
        throw new Error(`a frame came instead of the end: ${showFrame(arrival.frame)}`);
    }
  }

  /** Anything may come, but no fault. Resolves at the end of the stream, or when the time is over. */
  async rest(deadline: number): Promise<void> {
    for (;;) {
      const arrival = await this.#peer.inbox.peek(deadline);
      if (arrival === undefined || 'end' in arrival) return;
      if ('fault' in arrival) throw arrival.fault;
      this.#peer.inbox.shift();
    }
  }

  async #arrived(deadline: number, wanted: readonly Json[]): Promise<RawFrame> {
    const arrival = await this.#peer.inbox.peek(deadline);
    const hint = wanted.length === 0 ? '' : `\n  expected: ${showAll(wanted)}`;
    if (arrival === undefined) throw new Error(`nothing came in time${hint}`);
    if ('fault' in arrival) throw new Error(`what came is no frame: ${arrival.fault}${hint}`);
    if ('end' in arrival) throw new Error(`the stream ended${hint}`);
    this.#peer.inbox.shift();
    return arrival.frame;
  }

  #passes(frame: RawFrame, passing: readonly Json[]): boolean {
    return passing.some((pattern) => mismatch(pattern, tuple(frame), this.#captures) === null) || this.#mayPass(frame);
  }

  #mayPass({ type, id, body }: RawFrame): boolean {
    if (type === 'ping' && this.#answersPings) void this.#peer.write(encodeFrame({ type: 'pong', id, body }));
    return type.startsWith('x-') || this.#incidental.has(type);
  }
}

function tuple({ type, id, body }: RawFrame): unknown {
  return [type, id, body];
}

const SHOWN_CHARACTERS = 600;

export function showFrame(frame: RawFrame): string {
  return shorten(JSON.stringify(toTaggedJson(tuple(frame))));
}

function showAll(patterns: readonly Json[]): string {
  return shorten(patterns.map((pattern) => JSON.stringify(pattern)).join(' and '));
}

function shorten(text: string): string {
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}
