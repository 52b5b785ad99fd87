import { setTimeout as sleep } from 'node:timers/promises';
import { encodeFrame } from '../../protocol/index.js';
import { ByteStreams } from './byte-streams.js';
import type { Captures } from './captures.js';
import { FrameExpectations } from './frame-expectations.js';
import type { Json, JsonMap } from './json.js';
import { mismatch } from './pattern.js';
import type { Peer } from './peer.js';
import { sentValue } from './sent-value.js';
import type { Step, Transcript } from './transcript.js';

/** How long a step may take where neither it nor the header says so, in ms. */
const DEFAULT_WITHIN_MS = 10_000;

/** Plays one transcript with a peer, and checks what the peer does. */
export class Player {
  readonly #transcript: Transcript;
  readonly #peer: Peer;
  readonly #patience: number;
  readonly #captures: Captures = new Map();
  readonly #frames: FrameExpectations;
  readonly #bytes = new ByteStreams();

  /** @param patience every deadline is multiplied by it */
  constructor(transcript: Transcript, peer: Peer, patience: number) {
    this.#transcript = transcript;
    this.#peer = peer;
    this.#patience = patience;
    this.#frames = new FrameExpectations(peer, transcript.header, this.#captures);
  }

  /**
   * Takes one step.
   * @throws Error where the peer does not do what the step expects, or the step cannot be taken
   */
  async take({ verb, fields }: Step): Promise<void> {
    const peer = this.#peer;
    const argument = fields[verb]!;
    switch (verb) {
      case 'send':
        return this.#write(this.#encode(argument as readonly Json[]), fields);
      case 'sendHex':
        return this.#write(Buffer.from(String(argument).replaceAll(' ', ''), 'hex'), fields);
      case 'sendText':
        return this.#write(Buffer.from(String(argument)), fields);
      case 'endSending':
        return peer.endSending();
      case 'endReading':
        return peer.endReading();
      case 'signal':
        return peer.signal(argument as NodeJS.Signals);
      case 'pause':
        return sleep(Number(argument));
      case 'expect':
        return this.#frames.take([argument], listOf(fields.passing), this.#deadline(fields));
      case 'expectAll':
        return this.#frames.take(argument as readonly Json[], listOf(fields.passing), this.#deadline(fields));
      case 'expectBytes':
        return this.#expectBytes(argument as JsonMap, this.#deadline(fields));
      case 'expectNone':
        return this.#frames.none(argument, performance.now() + Number(fields.forMs));
      case 'expectEnd':
        return this.#frames.end(listOf(fields.passing), this.#deadline(fields));
      case 'expectExit':
        return this.#expectExit(argument, listOf(fields.passing), this.#deadline(fields));
    }
  }

  /** Whatever still comes until the peer ends, none of it may be a fault. */
  async finish(): Promise<void> {
    this.#peer.endSending();
    await this.#frames.rest(this.#deadline({}));
  }

  #deadline({ withinMs }: JsonMap): number {
    const ms = Number(withinMs ?? this.#transcript.header.withinMs ?? DEFAULT_WITHIN_MS);
    return performance.now() + ms * this.#patience;
  }

  #encode(frame: readonly Json[]): Uint8Array {
    const [type, id, body] = sentValue(frame, this.#captures) as [string, number, object];
    return encodeFrame({ type, id, body });
  }

  /** Each piece is a write of its own, in a turn of its own. */
  async #write(bytes: Uint8Array, { chunkBytes }: JsonMap): Promise<void> {
    const size = typeof chunkBytes === 'number' ? chunkBytes : Math.max(1, bytes.byteLength);
    for (let at = 0; at < bytes.byteLength; at += size) {
      await this.#peer.write(bytes.subarray(at, at + size));
    }
  }

  /** Takes the frames that carry one stream of one task, until as much has come as is expected and not a byte more. */
  async #expectBytes(wanted: JsonMap, deadline: number): Promise<void> {
    const id = Number(sentValue(wanted.id!, this.#captures));
    const stream = String(wanted.stream);
    const bytes = typeof wanted.text === 'string' ? Buffer.from(wanted.text).byteLength : Number(wanted.bytes);
    const got = await this.#bytes.collect({ id, stream, bytes, end: wanted.end === true }, (isWanted) =>
      this.#frames.next(isWanted, deadline),
    );
    if (typeof wanted.text !== 'string') return;
    const reason = mismatch({ $text: wanted.text }, got, this.#captures);
    if (reason !== null) throw new Error(`${stream} of ${id}: ${reason}`);
  }

  async #expectExit(wanted: Json, passing: readonly Json[], deadline: number): Promise<void> {
    await this.#frames.end(passing, deadline);
    if (this.#peer.exit === null) throw new Error('how a client exits cannot be seen from here: use expectEnd');
    const timeout = new AbortController();
    const exit = await Promise.race([
      this.#peer.exit,
      sleep(Math.max(0, deadline - performance.now()), null, { signal: timeout.signal }).catch(() => null),
    ]);
    timeout.abort();
    if (exit === null) throw new Error('it has closed its stream, but did not end in time');
    if (!listOf(wanted).some((code) => code === exit)) {
      throw new Error(`the exit must be ${JSON.stringify(wanted)}, got ${exit}`);
    }
  }
}

function listOf(value: Json | undefined): readonly Json[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value as Json];
}
