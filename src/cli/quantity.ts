import type { TaskLimitName, TaskLimits } from '../../protocol/index.js';
import { UsageError } from './command-line.js';

const TIME_UNITS: Readonly<Record<string, number>> = { '': 1, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
const SIZE_UNITS: Readonly<Record<string, number>> = { '': 1, K: 1_024, M: 1_048_576, G: 1_073_741_824 };
const COUNT_UNITS: Readonly<Record<string, number>> = { '': 1 };

/** The options that set limits, each with the limit that it sets and the units that it takes. */
export const limitOptions: Readonly<Record<string, { limit: TaskLimitName; units: Readonly<Record<string, number>> }>> =
  {
    'timeout-ms': { limit: 'timeoutMs', units: TIME_UNITS },
    'cpu-time-ms': { limit: 'cpuTimeMs', units: TIME_UNITS },
    'memory-bytes': { limit: 'memoryBytes', units: SIZE_UNITS },
    processes: { limit: 'processes', units: COUNT_UNITS },
    'open-files': { limit: 'openFiles', units: COUNT_UNITS },
    'file-size-bytes': { limit: 'fileSizeBytes', units: SIZE_UNITS },
    'output-bytes': { limit: 'outputBytes', units: SIZE_UNITS },
    'workspace-bytes': { limit: 'workspaceBytes', units: SIZE_UNITS },
    'cpu-percent': { limit: 'cpuPercent', units: COUNT_UNITS },
  };

/**
 * The limits that the options set; the last one of a kind counts.
 * @throws UsageError naming the option and what it takes
 */
export function limitsOf(values: Readonly<Record<string, readonly string[]>>): TaskLimits {
  const limits: TaskLimits = {};
  for (const [option, { limit, units }] of Object.entries(limitOptions)) {
    const text = values[option]?.at(-1);
    if (text !== undefined) limits[limit] = parseQuantity(option, text, units);
  }
  return limits;
}

function parseQuantity(option: string, text: string, units: Readonly<Record<string, number>>): number {
  const [, digits = '', suffix = ''] = /^(\d+)([A-Za-z]*)$/.exec(text) ?? [];
  const unit = units[suffix];
  const value = Number(digits) * (unit ?? Number.NaN);
  if (digits !== '' && Number.isSafeInteger(value)) return value;
  const suffixes = Object.keys(units).filter((name) => name !== '');
  const allowed =
    suffixes.length === 0 ? 'a whole number' : `a whole number, with ${suffixes.join(', ')} behind it or none`;
  throw new UsageError(`--${option} takes ${allowed}, got ${JSON.stringify(text)}`);
}
