import type { ErrorKind, WireError } from '../../protocol/index.js';
import { SandboxError } from '../sandbox/errors.js';

/** Why a task was refused or could not be brought to its end. It reaches the host as the `error` of the result. */
export class ExecutorError extends Error {
  override readonly name = 'ExecutorError';
  readonly kind: ErrorKind;
  /** A short stable name of the cause, such as `memory_budget`. */
  readonly code: string;
  readonly details: Record<string, unknown>;

  constructor(
    kind: ErrorKind,
    code: string,
    message: string,
    details: Record<string, unknown> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.kind = kind;
    this.code = code;
    this.details = details;
  }
}

/** The error as it crosses the wire. Anything that is not an error of ours is an internal `execution` error. */
export function toWireError(error: unknown): WireError {
  if (error instanceof ExecutorError || error instanceof SandboxError) {
    return { kind: error.kind, message: error.message, details: { code: error.code, ...error.details } };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { kind: 'execution', message: `internal error: ${message}`, details: { code: 'internal' } };
}
