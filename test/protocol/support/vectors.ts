import { readFileSync } from 'node:fs';
import { FrameReader, type ProtocolErrorCode, parseHostFrame, parseSidecarFrame } from '../../../protocol/index.js';

type Direction = 'host-to-sidecar' | 'sidecar-to-host';

interface Vector {
  readonly name: string;
  readonly direction: Direction;
  /** The whole stream. */
  readonly hex: string;
}

/** One good frame. `json` is `[type, id, body]` with tagged bytes. */
export interface FrameVector extends Vector {
  readonly json: readonly [type: string, id: number, body: object];
}

/** One frame that is accepted though no writer of this package makes it so; `json` is null where it is ignored. */
export interface ToleratedVector extends Vector {
  readonly json: FrameVector['json'] | null;
}

/** A stream that ends in a fault: right away, or only with the end of the stream where `atEnd`. */
export interface MalformedVector extends Vector {
  readonly code: ProtocolErrorCode;
  readonly atEnd?: true;
  /** The maximum to be agreed on before; 16,777,215 where it is left out. */
  readonly maxFrameBytes?: number;
  /** How many good frames come before the faulty one; none where it is left out. */
  readonly framesBefore?: number;
}

export const hostVectors: readonly FrameVector[] = load('host');
export const sidecarVectors: readonly FrameVector[] = load('sidecar');
export const toleratedVectors: readonly ToleratedVector[] = load('tolerated');
export const malformedVectors: readonly MalformedVector[] = load('malformed');

function load<Kind extends Vector>(file: string): Kind[] {
  return JSON.parse(readFileSync(new URL(`../../../protocol/vectors/${file}.json`, import.meta.url), 'utf8')) as Kind[];
}

/** The check of a frame that goes in this direction. */
export function parserFor(direction: Direction): typeof parseHostFrame | typeof parseSidecarFrame {
  return direction === 'host-to-sidecar' ? parseHostFrame : parseSidecarFrame;
}

/** What a receiver makes of a stream: how many frames it took before the fault, and the fault. */
export function judgeStream(
  chunks: Iterable<Uint8Array>,
  vector: MalformedVector,
): { frames: number; error: unknown; atEnd: boolean } {
  const reader = new FrameReader(vector.maxFrameBytes === undefined ? {} : { maxFrameBytes: vector.maxFrameBytes });
  const parse = parserFor(vector.direction);
  let frames = 0;
  let atEnd = false;
  try {
    for (const chunk of chunks) {
      for (const raw of reader.push(chunk)) {
        parse(raw);
        frames += 1;
      }
    }
    atEnd = true;
    reader.end();
    return { frames, error: undefined, atEnd };
  } catch (error) {
    return { frames, error, atEnd };
  }
}
