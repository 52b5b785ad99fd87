import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { isJsonMap, type Json, type JsonMap } from './json.js';
import { StepError } from './step-error.js';

/** A script of one connection: who is played, and what is sent and expected in which order. */
export interface Transcript {
  /** The name of its file without `.jsonl`. */
  readonly name: string;
  readonly header: Header;
  readonly steps: readonly Step[];
}

/** The first line. */
export interface Header {
  /** What the transcript shows, in words. */
  readonly shows: string;
  /** The side that the runner plays; the other one is checked. */
  readonly plays: 'host' | 'sidecar';
  /** For a transcript that checks a client: what its user does, in words. */
  readonly client?: string;
  /** Arguments that are added to the command of the sidecar. */
  readonly flags?: readonly string[];
  /** Types of frames that may come at any time. */
  readonly ignore?: readonly string[];
  /** How long a step may take that does not say so itself, in ms. Default 10,000. */
  readonly withinMs?: number;
}

/** One line below the header. It has exactly one of the verbs. */
export interface Step {
  readonly line: number;
  readonly verb: Verb;
  readonly fields: JsonMap;
}

/** Every verb, with the fields that may stand beside it. */
export const VERBS = {
  send: ['chunkBytes'],
  sendHex: ['chunkBytes'],
  sendText: ['chunkBytes'],
  endSending: [],
  endReading: [],
  signal: [],
  pause: [],
  expect: ['passing', 'withinMs'],
  expectAll: ['passing', 'withinMs'],
  expectBytes: ['withinMs'],
  expectNone: ['forMs'],
  expectEnd: ['passing', 'withinMs'],
  expectExit: ['passing', 'withinMs'],
} as const;

export type Verb = keyof typeof VERBS;

/**
 * Reads a transcript.
 * @throws StepError naming the file and the line that is wrong
 */
export function loadTranscript(path: string): Transcript {
  const name = basename(path, '.jsonl');
  const lines = readFileSync(path, 'utf8').split('\n');
  const entries = lines.flatMap((text, index) => (text.trim() === '' ? [] : [{ line: index + 1, text }]));
  const maps = entries.map(({ line, text }) => ({ line, fields: parseLine(name, line, text) }));
  const [first, ...rest] = maps;
  if (first === undefined) throw new StepError(name, 1, 'the transcript is empty');
  const header = checkHeader(name, first.fields);
  return { name, header, steps: rest.map(({ line, fields }) => checkStep(name, line, fields)) };
}

function parseLine(name: string, line: number, text: string): JsonMap {
  try {
    const value = JSON.parse(text) as Json;
    if (isJsonMap(value)) return value;
  } catch (error) {
    throw new StepError(name, line, `it is no JSON: ${(error as Error).message}`);
  }
  throw new StepError(name, line, 'it is no JSON object');
}

const HEADER_FIELDS: readonly string[] = ['shows', 'plays', 'client', 'flags', 'ignore', 'withinMs'];

function checkHeader(name: string, fields: JsonMap): Header {
  const unknown = Object.keys(fields).find((field) => !HEADER_FIELDS.includes(field));
  if (unknown !== undefined) throw new StepError(name, 1, `the header has an unknown field ${unknown}`);
  if (typeof fields.shows !== 'string') throw new StepError(name, 1, 'the header needs `shows`, a text');
  if (fields.plays !== 'host' && fields.plays !== 'sidecar') {
    throw new StepError(name, 1, `plays must be "host" or "sidecar", got ${JSON.stringify(fields.plays)}`);
  }
  for (const list of ['flags', 'ignore']) {
    if (fields[list] !== undefined && !isListOfTexts(fields[list])) {
      throw new StepError(name, 1, `${list} must be an array of texts, got ${JSON.stringify(fields[list])}`);
    }
  }
  return fields as unknown as Header;
}

function isListOfTexts(value: Json): boolean {
  return Array.isArray(value) && value.every((text) => typeof text === 'string');
}

function checkStep(name: string, line: number, fields: JsonMap): Step {
  const verbs = Object.keys(fields).filter((field) => Object.hasOwn(VERBS, field)) as Verb[];
  const [verb] = verbs;
  if (verb === undefined || verbs.length > 1) {
    throw new StepError(name, line, `a step has exactly one of ${Object.keys(VERBS).join(', ')}`);
  }
  const allowed: readonly string[] = ['why', verb, ...VERBS[verb]];
  const unknown = Object.keys(fields).find((field) => !allowed.includes(field));
  if (unknown !== undefined) throw new StepError(name, line, `${verb} has an unknown field ${unknown}`);
  return { line, verb, fields };
}
