import type { RawFrame } from '../../protocol/index.js';
import type { Corpus } from './corpus.js';
import type { Random } from './random.js';

/** Changes what a frame says, so that it is well-formed but perhaps wrong. */
export type ValueMutation = (frame: RawFrame, random: Random, corpus: Corpus) => RawFrame;

/** Every way in which a frame is made to say something else. */
export const valueMutations: readonly ValueMutation[] = [
  changeField,
  changeField,
  addField,
  addField,
  dropField,
  swapBody,
  changeType,
  changeId,
  wrapValue,
];

/** Another value at any depth: one of another kind, out of range, or from another frame. */
function changeField(frame: RawFrame, random: Random, corpus: Corpus): RawFrame {
  return { ...frame, body: replaceSomewhere(frame.body, random, () => anyValue(random, corpus)) as RawFrame['body'] };
}

function addField(frame: RawFrame, random: Random, corpus: Corpus): RawFrame {
  const name = random.pick(['extra', 'data', 'limits', 'constructor', 'toString', '', 'é', 'x'.repeat(300)]);
  return { ...frame, body: { ...frame.body, [name]: anyValue(random, corpus) } };
}

function dropField(frame: RawFrame, random: Random): RawFrame {
  const dropped = random.pick(Object.keys(frame.body));
  return { ...frame, body: Object.fromEntries(Object.entries(frame.body).filter(([key]) => key !== dropped)) };
}

function swapBody(frame: RawFrame, random: Random, { frames }: Corpus): RawFrame {
  return { ...frame, body: random.pick(random.pick([...frames.values()])).body };
}

function changeType(frame: RawFrame, random: Random, { frames }: Corpus): RawFrame {
  const others = ['x-', 'x-any', 'X-any', 'result', 'hello', '__proto__', 'constructor', '', `${frame.type} `];
  return { ...frame, type: random.pick([...frames.keys(), ...others]) };
}

/** An id that another frame may bear. */
function changeId(frame: RawFrame, random: Random): RawFrame {
  return {
    ...frame,
    id: random.pick([0, 1, 2, 127, 128, 65_535, 65_536, frame.id + 1, frame.id - 1].filter((id) => id >= 0)),
  };
}

function wrapValue(frame: RawFrame, random: Random): RawFrame {
  return {
    ...frame,
    body: Object.fromEntries(
      Object.entries(frame.body).map(([key, value]) => [key, random.chance(0.5) ? [value] : value]),
    ),
  };
}

function replaceSomewhere(value: unknown, random: Random, make: () => unknown): unknown {
  const isContainer = typeof value === 'object' && value !== null && !(value instanceof Uint8Array);
  if (!isContainer) return make();
  const keys = Object.keys(value);
  if (keys.length === 0) return Array.isArray(value) ? [make()] : { [random.pick(['a', 'command'])]: make() };
  const changed = random.pick(keys);
  const entries = Object.entries(value).map(([key, member]) => {
    return [key, key === changed ? replaceMember(member, random, make) : member] as const;
  });
  return Array.isArray(value) ? entries.map(([, member]) => member) : Object.fromEntries(entries);
}

function replaceMember(member: unknown, random: Random, make: () => unknown): unknown {
  return random.chance(0.5) ? make() : replaceSomewhere(member, random, make);
}

function anyValue(random: Random, { values }: Corpus): unknown {
  return random.chance(0.3) ? random.pick(values) : random.pick(EXTREMES);
}

const EXTREMES: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -0,
  1,
  -1,
  0.5,
  -1e308,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  2 ** 31,
  2 ** 32,
  2 ** 53 - 1,
  -(2 ** 53 - 1),
  '',
  'true',
  '\0',
  '\u{feff}',
  '../..',
  '/',
  'é'.repeat(100),
  'x'.repeat(70_000),
  new Uint8Array(0),
  new Uint8Array(300),
  [],
  {},
  [[[[[]]]]],
  { a: { b: { c: {} } } },
  Array.from({ length: 300 }, () => null),
];
