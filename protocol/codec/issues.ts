import type { z } from 'zod';

/**
 * For `schema.safeParse(value, withReasons)`: issues then say what was expected in the terms of the wire ("must be a
 * str") and carry the value that was received, which `describeIssues` shows.
 */
export const withReasons = { error: expectationOf, reportInput: true } as const;

/**
 * The first issue in one line, and how many other fields are wrong: `limits.timeoutMs: must be an integer >= 1, got -5`.
 *
 * @param root what the path of the field is relative to, such as a frame type; may be empty
 */
export function describeIssues(error: z.ZodError, root: string): string {
  const [first] = error.issues;
  if (first === undefined) {
    return root;
  }
  const field = formatPath(root, first.path);
  const others = new Set(error.issues.map((issue) => formatPath(root, issue.path))).size - 1;
  const more = others === 0 ? '' : ` (and ${others} more ${others === 1 ? 'field is' : 'fields are'} wrong)`;
  return `${field === '' ? '' : `${field}: `}${reasonOf(first)}${more}`;
}

/** The path of the first field that is wrong, as `describeIssues` shows it; the empty string for the value itself. */
export function firstField(error: z.ZodError): string {
  return formatPath('', error.issues[0]?.path ?? []);
}

/** Without `reportInput` the value is not known, and nothing is said of it. */
function reasonOf(issue: z.core.$ZodIssue): string {
  if (!('input' in issue)) {
    return issue.message;
  }
  const received = receivedBy(issue);
  return received === undefined ? `is missing, ${issue.message}` : `${issue.message}, got ${shorten(received)}`;
}

/** The issue of a union that is told by one field bears the path of that field, but the value of the whole. */
function receivedBy(issue: z.core.$ZodIssue): unknown {
  return issue.code === 'invalid_union' && issue.discriminator !== undefined
    ? (issue.input as Record<string, unknown>)[issue.discriminator]
    : issue.input;
}

function expectationOf(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${wireTypes[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `must be ${issue.values.length === 1 ? '' : 'one of '}${issue.values.map(shorten).join(', ')}`;
    case 'too_small':
      return `must have at least ${issue.minimum} ${elementsOf(issue.origin, issue.minimum)}`;
    case 'too_big':
      return `must have at most ${issue.maximum} ${elementsOf(issue.origin, issue.maximum)}`;
    case 'unrecognized_keys':
      return `must not have the unknown ${issue.keys.length === 1 ? 'field' : 'fields'} ${issue.keys.join(', ')}`;
    default:
      return undefined;
  }
}

const wireTypes: Readonly<Record<string, string>> = {
  string: 'a str',
  number: 'a number',
  int: 'an integer',
  boolean: 'a bool',
  object: 'a map',
  record: 'a map',
  array: 'an array',
  tuple: 'an array',
  null: 'nil',
};

function elementsOf(origin: string, amount: number | bigint): string {
  const noun = origin === 'string' ? 'character' : 'element';
  return Number(amount) === 1 ? noun : `${noun}s`;
}

function formatPath(root: string, path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    return text === '' ? String(key) : `${text}.${String(key)}`;
  }, root);
}

const SHOWN_CHARACTERS = 40;
const SHOWN_KEYS = 5;

/** A value as an error shows it: short, and telling what kind of value it is. */
function shorten(value: unknown): string {
  if (value === null) return 'nil';
  if (typeof value === 'string') return quoteText(value);
  if (value instanceof Uint8Array) return `bin of ${value.byteLength} bytes`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'object') return shortenMap(Object.keys(value));
  return String(value);
}

/** Text in quotes, cut where it is long. */
export function quoteText(text: string): string {
  return text.length <= SHOWN_CHARACTERS
    ? JSON.stringify(text)
    : `${JSON.stringify(text.slice(0, SHOWN_CHARACTERS))}… (${text.length} characters)`;
}

function shortenMap(keys: readonly string[]): string {
  const shown = keys.slice(0, SHOWN_KEYS).map(quoteText).join(', ');
  return keys.length === 0 ? 'an empty map' : `a map with ${shown}${keys.length > SHOWN_KEYS ? ', …' : ''}`;
}
