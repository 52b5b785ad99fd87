import { MAX_DEPTH } from '../constants.js';
import { ProtocolFault } from '../faults.js';

/** What is known of a body before it is encoded. */
export interface BodySurvey {
  /** A lower bound of the encoded size in bytes: what a body holds at least, without encoding it. */
  readonly minimumBytes: number;
  /** Whether all strings and keys are free of lone surrogates, which UTF-8 cannot express. */
  readonly isWellFormed: boolean;
}

/**
 * Walks a body before it is encoded, so that nothing is allocated for one that cannot be sent.
 *
 * @throws ProtocolFault `too_deep` where it is nested deeper than the receiver accepts (also for cycles), or
 * `invalid_body` where it holds a value that msgpack has no form for, such as a bigint or a function
 */
export function surveyBody(body: object): BodySurvey {
  const survey = { minimumBytes: 0, isWellFormed: true };
  visit(body, FRAME_LEVEL + 1, survey);
  return survey;
}

/** A copy of `value` in which every lone surrogate is U+FFFD. */
export function toWellFormed(value: unknown): unknown {
  if (typeof value === 'string') {
    return value.toWellFormed();
  }
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) {
    return value;
  }
  return Array.isArray(value)
    ? value.map(toWellFormed)
    : Object.fromEntries(Object.entries(value).map(([key, member]) => [key.toWellFormed(), toWellFormed(member)]));
}

/** The frame's own array is the first level of nesting. */
const FRAME_LEVEL = 1;

type Survey = { minimumBytes: number; isWellFormed: boolean };

function visit(value: unknown, level: number, survey: Survey): void {
  survey.minimumBytes += 1;
  if (typeof value === 'string') {
    visitText(value, survey);
  } else if (typeof value === 'object' && value !== null) {
    visitObject(value, level, survey);
  } else if (typeof value === 'bigint' || typeof value === 'function' || typeof value === 'symbol') {
    throw new ProtocolFault('invalid_body', `a ${typeof value} cannot be sent in a frame`);
  }
}

function visitText(text: string, survey: Survey): void {
  survey.minimumBytes += text.length;
  survey.isWellFormed &&= text.isWellFormed();
}

function visitObject(value: object, level: number, survey: Survey): void {
  if (ArrayBuffer.isView(value)) {
    survey.minimumBytes += value.byteLength;
    return;
  }
  if (level > MAX_DEPTH) {
    throw new ProtocolFault('too_deep', `a body is nested deeper than the maximum of ${MAX_DEPTH} levels`, {
      maxDepth: MAX_DEPTH,
    });
  }
  if (Array.isArray(value)) {
    for (const element of value) {
      visit(element, level + 1, survey);
    }
    return;
  }
  for (const [key, member] of Object.entries(value)) {
    if (key === '__proto__') {
      throw new ProtocolFault('invalid_body', 'the key __proto__ cannot be sent in a frame');
    }
    visitText(key, survey);
    visit(member, level + 1, survey);
  }
}
