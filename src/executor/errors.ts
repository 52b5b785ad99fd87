import type { ErrorKind, WireError } from '../../protocol/index.js';
import { MonitorError } from '../monitor/index.js';
import { SandboxError } from '../sandbox/errors.js';
import { shortened } from './shortened.js';

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

/**
 * The error as it crosses the wire, cut to a size that fits into every result. Anything that is not an error of ours
 * is an internal `execution` error.
 */
export function toWireError(error: unknown): WireError {
  if (error instanceof ExecutorError || error instanceof SandboxError) {
    const details = Object.entries({ code: error.code, ...error.details }).map(([name, value]) => [
      name,
      typeof value === 'string' ? shortened(value) : value,
    ]);
    return { kind: error.kind, message: shortened(error.message), details: Object.fromEntries(details) };
  }
  if (error instanceof MonitorError) {
    return { kind: error.kind, message: shortened(error.message), details: { code: error.code } };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { kind: 'execution', message: `internal error: ${shortened(message)}`, details: { code: 'internal' } };
}
