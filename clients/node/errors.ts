import type { ErrorKind } from '../../protocol/index.js';

/** The `code` of every error that the client throws or rejects with, apart from the reasons of AbortSignals. */
export type SidecarErrorCode =
  | 'spawn_failed'
  | 'start_timeout'
  | 'unsupported_protocol'
  | 'sidecar_exited'
  | 'sidecar_fault'
  | 'sidecar_stuck'
  | 'protocol_error'
  | 'restarts_exhausted'
  | 'closed'
  | 'answer_timeout'
  | 'query_failed'
  | 'invalid_argument'
  | 'too_large';

/** A fault of the sidecar or of the caller. What becomes of a task is never one: that is the value of its result. */
export abstract class SidecarError extends Error {
  abstract readonly code: SidecarErrorCode;
}

/** The sidecar could not be started: `path` does not exist or may not be executed. */
export class SpawnFailedError extends SidecarError {
  override readonly name = 'SpawnFailedError';
  readonly code = 'spawn_failed';
  readonly path: string;

  constructor(path: string, reason: string, options?: ErrorOptions) {
    super(`The sidecar could not be started from ${path}: ${reason} (option executable)`, options);
    this.path = path;
  }
}

/** The sidecar was not ready in time. It has been killed. */
export class StartTimeoutError extends SidecarError {
  override readonly name = 'StartTimeoutError';
  readonly code = 'start_timeout';
  readonly timeoutMs: number;
  /** The frame that did not come. */
  readonly missing: 'hello' | 'ready';
  /** The last of what the sidecar wrote to stderr. */
  readonly stderrTail: string;

  constructor(timeoutMs: number, missing: 'hello' | 'ready', stderrTail: string) {
    super(`The sidecar sent no ${missing} within ${timeoutMs} ms (option startTimeoutMs)${quoteTail(stderrTail)}`);
    this.timeoutMs = timeoutMs;
    this.missing = missing;
    this.stderrTail = stderrTail;
  }
}

/** The sidecar speaks versions `min` to `max` of the wire protocol, and this client speaks `supported`. */
export class UnsupportedProtocolError extends SidecarError {
  override readonly name = 'UnsupportedProtocolError';
  readonly code = 'unsupported_protocol';
  readonly min: number;
  readonly max: number;
  readonly supported: number;

  constructor(offered: { min: number; max: number }, supported: number) {
    super(`The sidecar speaks wire protocol ${offered.min} to ${offered.max}, this client speaks ${supported}`);
    this.min = offered.min;
    this.max = offered.max;
    this.supported = supported;
  }
}

/** The sidecar was used after `close()`. */
export class SidecarClosedError extends SidecarError {
  override readonly name = 'SidecarClosedError';
  readonly code = 'closed';

  constructor() {
    super('The sidecar is closed: it takes no more tasks and questions');
  }
}

/** The sidecar could not answer a question. */
export class QueryFailedError extends SidecarError {
  override readonly name = 'QueryFailedError';
  readonly code = 'query_failed';
  readonly kind: ErrorKind;
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(
    what: string,
    error: { kind: ErrorKind; message: string; details?: Record<string, unknown> | undefined },
  ) {
    super(`The sidecar could not answer the question '${what}': ${error.message}`);
    this.kind = error.kind;
    this.details = error.details;
  }
}

/** A question or a ping was not answered in time. The sidecar is left alone: `onHealthChange` tells how it is. */
export class AnswerTimeoutError extends SidecarError {
  override readonly name = 'AnswerTimeoutError';
  readonly code = 'answer_timeout';
  readonly timeoutMs: number;

  /** @param what the question, or `ping` */
  constructor(what: string, timeoutMs: number) {
    super(`The sidecar did not answer '${what}' within ${timeoutMs} ms (option answerTimeoutMs)`);
    this.timeoutMs = timeoutMs;
  }
}

/** An argument of the caller cannot be used; `field` names it. */
export class InvalidArgumentError extends SidecarError {
  override readonly name = 'InvalidArgumentError';
  readonly code = 'invalid_argument';
  readonly field: string;

  constructor(field: string, expected: string, options?: ErrorOptions) {
    super(`${field} must be ${expected}`, options);
    this.field = field;
  }
}

/** A task or batch that could never be sent, because one of the session's limits is smaller than it. */
export class TooLargeError extends SidecarError {
  override readonly name = 'TooLargeError';
  readonly code = 'too_large';
  /** The limit that is exceeded, by its name in `ready`. */
  readonly limit: 'maxFrameBytes' | 'window.taskBytes' | 'window.tasks';
  readonly value: number;
  readonly capacity: number;

  constructor(limit: TooLargeError['limit'], value: number, capacity: number, message: string) {
    super(message);
    this.limit = limit;
    this.value = value;
    this.capacity = capacity;
  }
}

const QUOTED_TAIL_CHARACTERS = 2_000;

/** The end of what a sidecar wrote to stderr, as errors quote it. */
export function quoteTail(stderrTail: string): string {
  const tail = stderrTail.trim().slice(-QUOTED_TAIL_CHARACTERS);
  return tail === '' ? '' : `. The last of its stderr:\n${tail}`;
}
