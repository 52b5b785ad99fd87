import { fromTaggedJson } from '../../protocol/index.js';
import { captured } from './captures.js';
import { isJsonMap, type Json, type JsonMap } from './json.js';

/**
 * The value that a transcript sends: tagged JSON, in which moreover `{"$ref": name}` is what was captured,
 * `{"$text": text}` a bin of that text, `{"$fill": n}` a bin of n bytes `a`, and `{"$repeat": text, "times": n}` a str.
 *
 * @throws RangeError where nothing was captured under that name
 */
export function sentValue(json: Json, captures: ReadonlyMap<string, unknown>): unknown {
  if (Array.isArray(json)) return json.map((element: Json) => sentValue(element, captures));
  if (!isJsonMap(json)) return json;
  if (Object.hasOwn(json, '$ref')) return captured(captures, String(json.$ref));
  const literal = literalOf(json);
  if (literal !== undefined) return literal;
  if (Object.hasOwn(json, '$bytes')) return fromTaggedJson(json);
  return Object.fromEntries(Object.entries(json).map(([key, member]) => [key, sentValue(member, captures)]));
}

/** The bytes or the text that a tag stands for; undefined for a map that is none of these. */
export function literalOf(json: JsonMap): Uint8Array | string | undefined {
  if (typeof json.$text === 'string') return new TextEncoder().encode(json.$text);
  if (typeof json.$fill === 'number') return new Uint8Array(json.$fill).fill(FILLING);
  if (typeof json.$repeat === 'string' && typeof json.times === 'number') return json.$repeat.repeat(json.times);
  return undefined;
}

/** The letter a. */
const FILLING = 0x61;
