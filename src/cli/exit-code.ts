import { constants } from 'node:os';
import type { TaskResult } from '../../protocol/index.js';

/** As `timeout`, `env` and shells do it. */
const TIMED_OUT = 124;
const NOT_EXECUTABLE = 126;
const NOT_FOUND = 127;
const SIGNAL_BASE = 128;

/**
 * The exit code that stands for a result: the command's own, 128 + the signal that ended it, 124 for a timeout,
 * 127 for a command that was not found, and 126 for everything else that was not executed.
 */
export function exitCodeOfResult({ status, exitCode, signal, error }: TaskResult): number {
  if (status === 'timeout') return TIMED_OUT;
  if (status === 'notExecuted') return error?.details?.code === 'command_not_found' ? NOT_FOUND : NOT_EXECUTABLE;
  if (exitCode !== null && (status === 'success' || status === 'failure')) return exitCode;
  const number = constants.signals[(signal ?? 'SIGKILL') as NodeJS.Signals] ?? constants.signals.SIGKILL;
  return SIGNAL_BASE + number;
}
