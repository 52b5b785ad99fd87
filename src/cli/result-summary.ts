import type { LimitEvidence, TaskResult } from '../../protocol/index.js';
import { formatBytes, formatMs } from './human.js';

/** How a task ended, where its time went, and what it used, a line each. A figure that is not known is called so. */
export function summariseResult(result: TaskResult): string[] {
  const { timing, usage, stdoutBytes, stderrBytes, limitsExceeded } = result;
  const { queuedMs, setupMs, runMs, stalledMs, collectMs } = timing;
  const times = Object.entries({
    queued: queuedMs,
    setup: setupMs,
    run: runMs,
    stalled: stalledMs,
    collect: collectMs,
  });
  const processes = usage.processPeak ?? 'unknown';
  return [
    `${result.status}, ${howItEnded(result)}`,
    `time: ${times.map(([name, ms]) => `${name} ${formatMs(ms)}`).join(', ')}`,
    `peak: memory ${formatBytes(usage.memoryPeakBytes)}, processes ${processes}`,
    `in all: CPU time ${formatMs(usage.cpuMs)}, stdout ${formatBytes(stdoutBytes)}, stderr ${formatBytes(stderrBytes)}`,
    ...limitsExceeded.map(describeEvidence),
  ];
}

function howItEnded({ exitCode, signal, status }: TaskResult): string {
  if (exitCode !== null) return `exit code ${exitCode}`;
  if (signal !== null) return `ended by ${signal}`;
  return status === 'notExecuted' ? 'never started' : 'no exit code';
}

function describeEvidence({ limit, capacity, observed, enforcedBy, confidence }: LimitEvidence): string {
  const found = observed === null ? '' : `, found ${observed}`;
  return `limit: ${limit} of ${capacity} exceeded${found} (${enforcedBy}, ${confidence})`;
}
