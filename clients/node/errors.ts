import type { Bye, ErrorKind, ProtocolErrorCode } from '../../protocol/index.js';

/** The `code` of every error that the client throws or rejects with, apart from the reasons of AbortSignals. */
export type SidecarErrorCode =
  | 'spawn_failed'
  | 'start_timeout'
  | 'unsupported_protocol'
  | 'sidecar_exited'
  | 'sidecar_fault'
  | 'protocol_error'
  | 'closed'
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

/** The steps by which a sidecar is ended, mildest first. */
export type CloseStep = 'shutdown' | 'endOfStdin' | 'SIGTERM' | 'SIGKILL';

/** How a sidecar ended. */
export interface ExitInfo {
  /** Its exit code; null where a signal ended it, or where it has outlived even SIGKILL. */
  readonly exitCode: number | null;
  /** The signal that ended it, if one did. */
  readonly signal: NodeJS.Signals | null;
  /** The last 64 KiB of what it wrote to stderr. */
  readonly stderrTail: string;
  /** Its farewell, where the end was a clean one. */
  readonly bye: Bye | undefined;
  /** The last step that the client took to end it; undefined where it ended by itself. */
  readonly step: CloseStep | undefined;
}

/** Why a sidecar was lost: it ended, it broke the protocol, or it said that this client did. */
export type LossCode = 'sidecar_exited' | 'sidecar_fault' | 'protocol_error';

/** What is known of the task that waited on a sidecar when it was lost. */
export interface LostTask {
  readonly accepted: boolean;
  readonly executionId: string | undefined;
}

/** The sidecar is gone, and with it the answer. Every waiter gets its own, all in the same turn. */
export class SidecarLostError extends SidecarError {
  override readonly name = 'SidecarLostError';
  readonly code: LossCode;
  /** Its exit code; null where a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last 64 KiB of what the sidecar wrote to stderr. */
  readonly stderrTail: string;
  /** Whether the sidecar had accepted the task; false where the waiter was not a task. */
  readonly accepted: boolean;
  /** The execution id of the task, where it had been accepted. */
  readonly executionId: string | undefined;
  /** What was broken, in the terms of the protocol. For `sidecar_exited` undefined. */
  readonly protocolCode: ProtocolErrorCode | undefined;

  constructor(loss: Loss, exit: ExitInfo, task: LostTask) {
    super(`${lossMessage(loss, exit)}${taskMessage(task)}${quoteTail(exit.stderrTail)}`, { cause: loss.cause });
    this.code = loss.code;
    this.exitCode = exit.exitCode;
    this.signal = exit.signal;
    this.stderrTail = exit.stderrTail;
    this.accepted = task.accepted;
    this.executionId = task.executionId;
    this.protocolCode = loss.protocolCode;
  }
}

/** Why a sidecar was lost, as it was first seen. */
export interface Loss {
  readonly code: LossCode;
  readonly protocolCode?: ProtocolErrorCode;
  readonly message?: string;
  readonly cause?: unknown;
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

function lossMessage(loss: Loss, exit: ExitInfo): string {
  const end = describeEnd(exit);
  if (loss.code === 'sidecar_fault') {
    return `The sidecar broke the protocol (${loss.protocolCode}: ${loss.message}) and was ended; it ${end}`;
  }
  if (loss.code === 'protocol_error') {
    return `The sidecar refused what this client sent (${loss.protocolCode}: ${loss.message}); it ${end}`;
  }
  return `The sidecar ${end}`;
}

function describeEnd({ exitCode, signal }: ExitInfo): string {
  if (signal !== null) return `was ended by ${signal}`;
  return exitCode === null ? 'did not end even after SIGKILL' : `exited with code ${exitCode}`;
}

function taskMessage({ accepted, executionId }: LostTask): string {
  return accepted ? `; task ${executionId} had been accepted and its fate is unknown` : '';
}

const QUOTED_TAIL_CHARACTERS = 2_000;

function quoteTail(stderrTail: string): string {
  const tail = stderrTail.trim().slice(-QUOTED_TAIL_CHARACTERS);
  return tail === '' ? '' : `. The last of its stderr:\n${tail}`;
}
