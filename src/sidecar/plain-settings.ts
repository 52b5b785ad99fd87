import { totalmem } from 'node:os';
import {
  DEFAULT_OUTPUT_WINDOW_BYTES,
  DEFAULT_STDIN_WINDOW_BYTES,
  DEFAULT_TASK_WINDOW_BYTES,
  MAX_FRAME_BYTES,
  MAX_OUTPUT_CHUNK_BYTES,
} from '../../protocol/wire.js';
import { DEFAULT_EXECUTOR_CONFIG as executor } from '../executor/config.js';
import type { SettingName, Settings } from './settings-schema.js';

/** What a setting can be where it is a word. */
export const BACKENDS = ['auto', 'process', 'bubblewrap'] as const;
export const EOF_ACTS = ['kill', 'drain'] as const;
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** The smallest `maxFrameBytes`. */
export const LEAST_FRAME_BYTES = 4 * MAX_OUTPUT_CHUNK_BYTES;

/** The share of the machine's memory that running tasks may reserve where nothing else is set. */
const MEMORY_BUDGET_SHARE = 0.8;

/** 80 % of the memory that this process may have: of its cgroup where that is limited, else of the machine. */
export function defaultMemoryBudgetBytes(): number {
  const constrained = process.constrainedMemory();
  const machine = totalmem();
  const available = constrained > 0 && constrained < machine ? constrained : machine;
  return Math.floor(available * MEMORY_BUDGET_SHARE);
}

/** The settings where nobody sets any, in the order of the schema, which takes its defaults from here. */
export const defaultSettings = {
  maxConcurrentTasks: executor.maxConcurrentTasks,
  queueSize: executor.queueSize,
  get memoryBudgetBytes() {
    return defaultMemoryBudgetBytes();
  },
  defaultTimeoutMs: executor.defaultTimeoutMs,
  defaultCpuTimeLimitMs: executor.defaultCpuTimeLimitMs,
  defaultMemoryLimitBytes: executor.defaultMemoryLimitBytes,
  defaultProcessLimit: executor.defaultProcessLimit,
  defaultOpenFilesLimit: executor.defaultOpenFilesLimit,
  defaultFileSizeLimitBytes: executor.defaultFileSizeLimitBytes,
  defaultOutputLimitBytes: executor.defaultOutputLimitBytes,
  defaultWorkspaceLimitBytes: executor.defaultWorkspaceLimitBytes,
  defaultCpuPercent: executor.defaultCpuPercent,
  limitCeilings: {},
  enableMonitoring: executor.enableMonitoring,
  priorityAgingMs: executor.priorityAgingMs,
  resultCacheSize: executor.resultCacheSize,
  resultCacheBytes: executor.resultCacheBytes,
  workerPoolSize: executor.workerPoolSize,
  sandbox: 'auto',
  sandboxUid: 65_534,
  readOnlyPaths: [],
  network: false,
  workspaceRoot: undefined,
  allowedCwd: [],
  commandPolicy: {},
  maxFrameBytes: MAX_FRAME_BYTES,
  taskWindowBytes: DEFAULT_TASK_WINDOW_BYTES,
  outputWindowBytes: DEFAULT_OUTPUT_WINDOW_BYTES,
  stdinWindowBytes: DEFAULT_STDIN_WINDOW_BYTES,
  inboxFrames: 4_096,
  outboxFrames: 64,
  outboxBytes: 4_194_304,
  outboxResults: 1_024,
  outboxResultBytes: 33_554_432,
  onEof: 'kill',
  logLevel: 'warn',
} as const;

/** The names of all settings, in the order of the schema. */
export const settingNames = Object.keys(defaultSettings) as SettingName[];

/** Which values of a setting are right, where that can be told without the schema; the others are left to that. */
const plainValues: { readonly [Name in SettingName]?: (value: unknown) => boolean } = {
  maxConcurrentTasks: integer(1, 10_000),
  queueSize: integer(1, 1_000_000),
  memoryBudgetBytes: integer(1),
  defaultTimeoutMs: integer(1),
  defaultCpuTimeLimitMs: integer(1),
  defaultMemoryLimitBytes: integer(1),
  defaultProcessLimit: integer(1),
  defaultOutputLimitBytes: integer(1),
  defaultWorkspaceLimitBytes: integer(1),
  enableMonitoring: isBoolean,
  workerPoolSize: integer(0, 1_000),
  sandbox: oneOf(BACKENDS),
  network: isBoolean,
  workspaceRoot: (value) => typeof value === 'string' && value !== '',
  maxFrameBytes: integer(LEAST_FRAME_BYTES, MAX_FRAME_BYTES),
  onEof: oneOf(EOF_ACTS),
  logLevel: oneOf(LOG_LEVELS),
};

/**
 * The settings with these on top of the defaults, found without the schema, which takes longer to be there than all the
 * rest of a start. Null where it takes the schema to tell whether they are right.
 */
export function plainSettings(values: Readonly<Record<string, unknown>>): Settings | null {
  for (const [name, value] of Object.entries(values)) {
    if (!Object.hasOwn(plainValues, name) || !plainValues[name as SettingName]?.(value)) return null;
  }
  const { limitCeilings, readOnlyPaths, allowedCwd, commandPolicy, workspaceRoot: _, ...rest } = defaultSettings;
  const own = { limitCeilings: { ...limitCeilings }, readOnlyPaths: [...readOnlyPaths], allowedCwd: [...allowedCwd] };
  return { ...rest, ...own, commandPolicy: { ...commandPolicy }, ...values };
}

function integer(min: number, max: number = Number.MAX_SAFE_INTEGER): (value: unknown) => boolean {
  return (value) => Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;
}

function isBoolean(value: unknown): boolean {
  return typeof value === 'boolean';
}

function oneOf(words: readonly string[]): (value: unknown) => boolean {
  return (value) => typeof value === 'string' && words.includes(value);
}
