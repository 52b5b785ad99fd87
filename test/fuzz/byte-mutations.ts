import type { Corpus } from './corpus.js';
import type { Random } from './random.js';

/** Changes the payload of a frame: the header is made to fit afterwards. */
export type ByteMutation = (payload: Uint8Array, random: Random, corpus: Corpus) => Uint8Array;

/** Every way in which the bytes of a payload are spoilt. */
export const byteMutations: readonly ByteMutation[] = [
  flipBit,
  flipBit,
  flipBit,
  replaceByte,
  replaceHead,
  truncate,
  extend,
  cutOut,
  repeatPart,
  splice,
  lieAboutElements,
  lieAboutLength,
  nest,
  spoilText,
];

function flipBit(payload: Uint8Array, random: Random): Uint8Array {
  const changed = payload.slice();
  const at = random.below(changed.length);
  changed[at]! ^= 1 << random.below(8);
  return changed;
}

function replaceByte(payload: Uint8Array, random: Random): Uint8Array {
  const changed = payload.slice();
  changed[random.below(changed.length)] = random.below(256);
  return changed;
}

/** A byte becomes one that announces a value of another kind or width. */
function replaceHead(payload: Uint8Array, random: Random): Uint8Array {
  const changed = payload.slice();
  changed[random.below(changed.length)] = 0xc0 + random.below(32);
  return changed;
}

function truncate(payload: Uint8Array, random: Random): Uint8Array {
  return payload.slice(0, random.below(payload.length));
}

function extend(payload: Uint8Array, random: Random): Uint8Array {
  return concat(payload, bytes(random, 1 + random.below(16)));
}

function cutOut(payload: Uint8Array, random: Random): Uint8Array {
  const start = random.below(payload.length);
  const end = start + 1 + random.below(8);
  return concat(payload.slice(0, start), payload.slice(end));
}

function repeatPart(payload: Uint8Array, random: Random): Uint8Array {
  const start = random.below(payload.length);
  const end = start + 1 + random.below(16);
  return concat(payload.slice(0, end), payload.slice(start));
}

/** The beginning of one frame and the end of another. */
function splice(payload: Uint8Array, random: Random, { streams }: Corpus): Uint8Array {
  const other = random.pick(streams);
  return concat(payload.slice(0, random.below(payload.length)), other.slice(random.below(other.length)));
}

/** An array or a map that declares more or fewer elements than there are. */
function lieAboutElements(payload: Uint8Array, random: Random): Uint8Array {
  const head = random.pick([0xdc, 0xdd, 0xde, 0xdf]);
  const count = random.pick([0, 1, 0xff, 0xffff, 0x10_0000, 0x7fff_ffff, 0xffff_ffff]);
  return overwrite(payload, random, head, count, head % 2 === 0 ? 2 : 4);
}

/** A str or a bin that declares more or fewer bytes than there are. */
function lieAboutLength(payload: Uint8Array, random: Random): Uint8Array {
  const [head, width] = random.pick([
    [0xc4, 1],
    [0xc5, 2],
    [0xc6, 4],
    [0xd9, 1],
    [0xda, 2],
    [0xdb, 4],
  ] as const);
  return overwrite(payload, random, head, random.pick([0, 1, 0x7f, 0xff, 0xffff, 0xff_ffff, 0xffff_ffff]), width);
}

function nest(payload: Uint8Array, random: Random): Uint8Array {
  const at = random.below(payload.length);
  const levels = new Uint8Array(random.pick([1, 2, 12, 13, 14, 15, 16, 17, 100, 10_000])).fill(0x91);
  return concat(payload.slice(0, at), levels, payload.slice(at));
}

/** Bytes that are no UTF-8, or characters that are seldom seen. */
function spoilText(payload: Uint8Array, random: Random): Uint8Array {
  const changed = payload.slice();
  changed.set(random.pick(SEQUENCES).slice(0, changed.length), random.below(changed.length - 4));
  return changed;
}

const SEQUENCES = [
  Uint8Array.of(0xff),
  Uint8Array.of(0xc0, 0xaf),
  Uint8Array.of(0xed, 0xa0, 0x80),
  Uint8Array.of(0xf4, 0x90, 0x80, 0x80),
  Uint8Array.of(0x00),
  Uint8Array.of(0xef, 0xbb, 0xbf),
  Uint8Array.of(0xf0, 0x9f, 0x98, 0x80),
];

function overwrite(payload: Uint8Array, random: Random, head: number, count: number, width: number): Uint8Array {
  const number = new Uint8Array(5);
  number[0] = head;
  for (let index = 0; index < width; index += 1) number[1 + index] = (count >>> (8 * (width - 1 - index))) & 0xff;
  const at = random.below(payload.length);
  return concat(payload.slice(0, at), number.slice(0, 1 + width), payload.slice(at + 1 + width));
}

function bytes(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random.below(256));
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
