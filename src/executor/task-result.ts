import {
  type EffectiveLimits,
  type ErrorKind,
  type LimitEvidence,
  type TaskResult,
  type TaskStatus,
  type TaskTiming,
  UNKNOWN_USAGE,
  type WireError,
} from '../../protocol/index.js';
import type { ExitStatus } from '../sandbox/backend.js';
import type { TerminationCause } from './termination.js';

const EMPTY = new Uint8Array(0);

/** Everything about a task that never ran. */
export interface NotRun {
  readonly executionId: string;
  readonly status: 'notExecuted' | 'cancelled';
  readonly error: WireError;
  readonly limits: EffectiveLimits;
  readonly label?: string | undefined;
  readonly timing?: Partial<TaskTiming>;
}

/** The result of a task that never ran. */
export function notRunResult(outcome: NotRun): TaskResult {
  return {
    executionId: outcome.executionId,
    status: outcome.status,
    ...(outcome.label === undefined ? {} : { label: outcome.label }),
    cached: false,
    exitCode: null,
    signal: null,
    error: outcome.error,
    stdout: EMPTY,
    stderr: EMPTY,
    stdoutBytes: 0,
    stderrBytes: 0,
    truncated: { stdout: false, stderr: false },
    usage: UNKNOWN_USAGE,
    limits: outcome.limits,
    limitsExceeded: [],
    timing: { queuedMs: 0, setupMs: 0, runMs: 0, stalledMs: 0, collectMs: 0, ...outcome.timing },
    files: [],
  };
}

/** How a task ended, from why it was ended and how its command ended. */
export interface Verdict {
  readonly status: TaskStatus;
  readonly error?: WireError;
  readonly limitsExceeded: readonly LimitEvidence[];
}

/** The status of a task that ran: the first cause that ended it, else what the exit code tells. */
export function determineStatus(
  cause: TerminationCause | null,
  exit: ExitStatus,
  noted: readonly LimitEvidence[],
): Verdict {
  if (cause !== null) return causedVerdict(cause, noted);
  return { status: exit.exitCode === 0 ? 'success' : 'failure', limitsExceeded: noted };
}

function causedVerdict(cause: TerminationCause, noted: readonly LimitEvidence[]): Verdict {
  const { status, evidence } = cause;
  const error = cause.error ?? (evidence && limitError(status, evidence));
  const others = noted.filter((other) => other.limit !== evidence?.limit);
  return { status, ...(error && { error }), limitsExceeded: evidence ? [evidence, ...others] : others };
}

/** A limit that was struck, and the cause that this is. */
export interface StruckLimit {
  readonly limit: 'cpuTimeMs' | 'fileSizeBytes';
  readonly capacity: number;
  readonly cause: TerminationCause;
}

/**
 * The limit that the kernel enforces by the signal that has ended a command: CPU seconds or file size. Anybody can send
 * these signals, so that what is known of the command has to agree.
 * @param cpuMs the CPU time that it has used, as the kernel counted it; null where that is not known
 */
export function limitBehindSignal(exit: ExitStatus, limits: EffectiveLimits, cpuMs: number | null): StruckLimit | null {
  const infer = (status: TaskStatus, limit: StruckLimit['limit']): StruckLimit => {
    const capacity = limits[limit];
    const evidence = { limit, capacity, observed: null, enforcedBy: 'rlimit', confidence: 'inferred' } as const;
    return { limit, capacity, cause: { status, evidence } };
  };
  if (exit.signal === 'SIGXCPU' && (cpuMs ?? limits.cpuTimeMs) >= limits.cpuTimeMs)
    return infer('cpuLimitExceeded', 'cpuTimeMs');
  if (exit.signal === 'SIGXFSZ') return infer('resourceLimitExceeded', 'fileSizeBytes');
  return null;
}

function limitError(status: TaskStatus, evidence: LimitEvidence): WireError {
  const kind: ErrorKind = status === 'timeout' ? 'timeout' : 'resource';
  const observed = evidence.observed === null ? '' : `: observed ${evidence.observed}`;
  return {
    kind,
    message: `limits.${evidence.limit} of ${evidence.capacity} exceeded${observed} (${evidence.confidence}, enforced by ${evidence.enforcedBy}); the task's limits.${evidence.limit} raises it`,
    details: { code: 'limit_exceeded', limit: evidence.limit },
  };
}
