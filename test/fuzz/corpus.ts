import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromTaggedJson, type RawFrame } from '../../protocol/index.js';

/** What mutations start from. */
export interface Corpus {
  /** Good frames of a host, by type. */
  readonly frames: ReadonlyMap<string, readonly RawFrame[]>;
  /** Streams that are good, tolerated or malformed. */
  readonly streams: readonly Uint8Array[];
  /** Values that occur in frames of either side. */
  readonly values: readonly unknown[];
}

interface Vector {
  readonly hex: string;
  readonly json?: readonly [string, number, Record<string, unknown>] | null;
}

/** Reads the vectors of a folder. Every task in them runs `true`: what is fuzzed must harm nobody. */
export function loadCorpus(folder: string): Corpus {
  const load = (file: string) => JSON.parse(readFileSync(join(folder, `${file}.json`), 'utf8')) as Vector[];
  const good = [...load('host'), ...load('tolerated')].flatMap(({ json }) => (json ? [frameOf(json)] : []));
  const all = ['host', 'sidecar', 'tolerated', 'malformed'].flatMap(load);
  return {
    frames: byType(good.map(harmless)),
    streams: all.map(({ hex }) => new Uint8Array(Buffer.from(hex, 'hex'))),
    values: all.flatMap(({ json }) => (json ? valuesIn(fromTaggedJson(json[2])) : [])),
  };
}

function byType(frames: readonly RawFrame[]): Map<string, RawFrame[]> {
  const types = [...new Set(frames.map(({ type }) => type))];
  return new Map(types.map((type) => [type, frames.filter((frame) => frame.type === type)]));
}

function frameOf(json: NonNullable<Vector['json']>): RawFrame {
  const [type, id, body] = fromTaggedJson(json) as typeof json;
  return { type, id, body };
}

function harmless(frame: RawFrame): RawFrame {
  const { type, body } = frame;
  if (type === 'submit') return { ...frame, body: { ...body, command: 'true' } };
  if (type !== 'submitBatch') return frame;
  const tasks = (body.tasks as [number, object][]).map(([id, task]) => [id, { ...task, command: 'true' }]);
  return { ...frame, body: { ...body, tasks } };
}

function valuesIn(value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return [value];
  return [value, ...Object.values(value).flatMap(valuesIn)];
}
