import { fromTaggedJson, toTaggedJson } from '../../protocol/index.js';
import { type Captures, captured } from './captures.js';
import { isJsonMap, type Json, type JsonMap } from './json.js';
import { literalOf } from './sent-value.js';

/**
 * Why `value` is not what the pattern asks for, or null where it is. Captures of the pattern are set only where all of
 * it matches.
 *
 * @throws RangeError where the pattern has an unknown tag, or refers to what was not captured
 */
export function mismatch(pattern: Json, value: unknown, captures: Captures): string | null {
  const tentative: Captures = new Map(captures);
  const reason = compare(pattern, value, '', tentative);
  if (reason === null) for (const [name, told] of tentative) captures.set(name, told);
  return reason;
}

function compare(pattern: Json, value: unknown, path: string, captures: Captures): string | null {
  if (Array.isArray(pattern)) return compareArray(pattern, value, path, captures);
  if (!isJsonMap(pattern)) return equals(pattern, value, path);
  const tag = Object.keys(pattern).find((key) => key.startsWith('$'));
  return tag === undefined
    ? compareMap(pattern, value, path, captures)
    : compareTag(tag, pattern, value, path, captures);
}

/** A pattern of a frame may leave out the id and the body behind its type. */
function compareArray(pattern: readonly Json[], value: unknown, path: string, captures: Captures): string | null {
  if (!Array.isArray(value)) return differs(path, 'an array', value);
  if (value.length !== pattern.length && !(path === '' && pattern.length < value.length)) {
    return differs(path, `an array of ${pattern.length}`, value);
  }
  return first(pattern, (element, index) => {
    return compare(element, value[index], path === '' ? FRAME_PARTS[index]! : `${path}[${index}]`, captures);
  });
}

const FRAME_PARTS = ['type', 'id', 'body'];

/** A map may hold more than the pattern. */
function compareMap(pattern: JsonMap, value: unknown, path: string, captures: Captures): string | null {
  if (!isMap(value)) return differs(path, 'a map', value);
  return first(Object.entries(pattern), ([key, member]) => {
    return compare(member, Object.hasOwn(value, key) ? value[key] : undefined, `${path}.${key}`, captures);
  });
}

function compareTag(tag: string, pattern: JsonMap, value: unknown, path: string, captures: Captures): string | null {
  const argument = pattern[tag]!;
  const literal = tag === '$bytes' ? fromTaggedJson(pattern) : literalOf(pattern);
  if (literal !== undefined) return equals(literal, value, path);
  switch (tag) {
    case '$is':
      return kindOf(String(argument))(value) ? null : differs(path, String(argument), value);
    case '$min':
    case '$max':
      return compareRange(pattern, value, path);
    case '$ref':
      return equals(captured(captures, String(argument)), value, path);
    case '$capture': {
      const reason =
        value === undefined
          ? differs(path, 'a value', value)
          : compare(pattern.is ?? { $is: 'any' }, value, path, captures);
      if (reason === null) captures.set(String(argument), value);
      return reason;
    }
    case '$oneOf':
      return listOf(argument).some((option) => compare(option, value, path, captures) === null)
        ? null
        : differs(path, `one of ${JSON.stringify(argument)}`, value);
    case '$not':
      return compare(argument, value, path, new Map(captures)) === null
        ? differs(path, `anything but ${JSON.stringify(argument)}`, value)
        : null;
    case '$contains':
      return textOf(value)?.includes(String(argument))
        ? null
        : differs(path, `a text with ${JSON.stringify(argument)}`, value);
    case '$has':
      return first(listOf(argument), (wanted) => {
        const isThere =
          Array.isArray(value) && value.some((element) => compare(wanted, element, path, captures) === null);
        return isThere ? null : differs(path, `an array that has ${JSON.stringify(wanted)}`, value);
      });
    case '$length':
      return compare(argument, (value as { length?: number } | undefined)?.length, `${path}.length`, captures);
    default:
      throw new RangeError(`the tag ${tag} is not known`);
  }
}

const KINDS: Readonly<Record<string, (value: unknown) => boolean>> = {
  any: () => true,
  absent: (value) => value === undefined,
  nil: (value) => value === null,
  bool: (value) => typeof value === 'boolean',
  int: (value) => Number.isSafeInteger(value),
  str: (value) => typeof value === 'string',
  bin: (value) => value instanceof Uint8Array,
  array: (value) => Array.isArray(value),
  map: isMap,
};

function kindOf(name: string): (value: unknown) => boolean {
  const kind = KINDS[name];
  if (kind === undefined) throw new RangeError(`the kind ${name} is not known`);
  return kind;
}

function compareRange({ $min, $max }: JsonMap, value: unknown, path: string): string | null {
  const low = typeof $min === 'number' ? $min : Number.NEGATIVE_INFINITY;
  const high = typeof $max === 'number' ? $max : Number.POSITIVE_INFINITY;
  const isWithin = typeof value === 'number' && value >= low && value <= high;
  return isWithin ? null : differs(path, `a number from ${low} to ${high}`, value);
}

function listOf(argument: Json): readonly Json[] {
  return Array.isArray(argument) ? argument : [argument];
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

function textOf(value: unknown): string | undefined {
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  return typeof value === 'string' ? value : undefined;
}

function equals(wanted: unknown, value: unknown, path: string): string | null {
  const isEqual = JSON.stringify(toTaggedJson(wanted)) === JSON.stringify(toTaggedJson(value));
  return isEqual ? null : differs(path, show(wanted), value);
}

function differs(path: string, wanted: string, value: unknown): string {
  return `${path === '' ? 'it' : path} must be ${wanted}, got ${show(value)}`;
}

const SHOWN_CHARACTERS = 200;

function show(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(toTaggedJson(value));
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}

function first<Element>(
  elements: readonly Element[],
  check: (element: Element, index: number) => string | null,
): string | null {
  for (const [index, element] of elements.entries()) {
    const reason = check(element, index);
    if (reason !== null) return reason;
  }
  return null;
}
