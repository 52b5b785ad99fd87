import type { Bye, ProtocolErrorCode } from '../../protocol/index.js';
import { quoteTail, SidecarError } from './errors.js';

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

/** Why a sidecar was lost: it ended, it broke the protocol, it was stuck and killed, or it said that this client broke it. */
export type LossCode = 'sidecar_exited' | 'sidecar_fault' | 'sidecar_stuck' | 'protocol_error';

/** What is known of the task that waited on a sidecar when it was lost. */
export interface LostTask {
  /** Whether it had been handed to the sidecar's stdin. Where not, it has certainly not run. */
  readonly sent: boolean;
  /** Whether the sidecar had said that it took the task. */
  readonly accepted: boolean;
  /** Whether the sidecar had said that the task's process runs. Where not, a task that was sent may have run all the same. */
  readonly started: boolean;
  readonly executionId: string | undefined;
}

/** Of a waiter that is no task. */
export const NO_TASK: LostTask = { sent: false, accepted: false, started: false, executionId: undefined };

/** The sidecar is gone, and with it the answer. Every waiter gets its own, all in the same turn. */
export class SidecarLostError extends SidecarError {
  override readonly name = 'SidecarLostError';
  readonly code: LossCode;
  /** Its exit code; null where a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last 64 KiB of what the sidecar wrote to stderr. */
  readonly stderrTail: string;
  /** Whether the task had been handed to the sidecar. Where not, or where the waiter was no task, nothing has run. */
  readonly sent: boolean;
  /** Whether the sidecar had accepted the task; false where the waiter was not a task. */
  readonly accepted: boolean;
  /** Whether the task is known to have been started. A task that was sent may have been, known or not. */
  readonly started: boolean;
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
    this.sent = task.sent;
    this.accepted = task.accepted;
    this.started = task.started;
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

/**
 * The sidecar was restarted until its crash budget was used up. What had not been sent, and everything after, rejects
 * with this; its `cause` is the last crash.
 */
export class RestartsExhaustedError extends SidecarError {
  override readonly name = 'RestartsExhaustedError';
  readonly code = 'restarts_exhausted';
  readonly crashes: number;
  readonly withinMs: number;

  constructor({ crashes, maxCrashes, withinMs }: ExhaustedBudget, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(
      `The sidecar was lost ${crashes} times within ${withinMs} ms (options restart.maxCrashes, which is ${maxCrashes}, and restart.withinMs) and is not started again; the last time: ${reason}`,
      { cause },
    );
    this.crashes = crashes;
    this.withinMs = withinMs;
  }
}

/** A crash budget that is used up: there were `crashes` where `maxCrashes` are made up for. */
export interface ExhaustedBudget {
  readonly crashes: number;
  readonly maxCrashes: number;
  readonly withinMs: number;
}

function lossMessage(loss: Loss, exit: ExitInfo): string {
  const end = describeEnd(exit);
  if (loss.code === 'sidecar_fault') {
    return `The sidecar broke the protocol (${loss.protocolCode}: ${loss.message}) and was ended; it ${end}`;
  }
  if (loss.code === 'sidecar_stuck') return `The sidecar was stuck (${loss.message}) and was ended; it ${end}`;
  if (loss.code === 'protocol_error') {
    return `The sidecar refused what this client sent (${loss.protocolCode}: ${loss.message}); it ${end}`;
  }
  return `The sidecar ${end}`;
}

function describeEnd({ exitCode, signal }: ExitInfo): string {
  if (signal !== null) return `was ended by ${signal}`;
  return exitCode === null ? 'did not end even after SIGKILL' : `exited with code ${exitCode}`;
}

function taskMessage({ sent, accepted, started, executionId }: LostTask): string {
  if (!sent) return '';
  if (started) return `; task ${executionId} had been started and its fate is unknown`;
  if (accepted) return `; task ${executionId} had been accepted and its fate is unknown`;
  return '; the task had been sent and its fate is unknown';
}
