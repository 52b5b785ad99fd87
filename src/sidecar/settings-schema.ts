import { totalmem } from 'node:os';
import * as z from 'zod';
import {
  DEFAULT_OUTPUT_WINDOW_BYTES,
  DEFAULT_STDIN_WINDOW_BYTES,
  DEFAULT_TASK_WINDOW_BYTES,
  MAX_FRAME_BYTES,
  MAX_OUTPUT_CHUNK_BYTES,
  taskLimitsSchema,
} from '../../protocol/index.js';
import { DEFAULT_EXECUTOR_CONFIG as executor } from '../executor/config.js';

const positive = z.int().min(1);
const words = z.array(z.string().min(1));
const absolutePaths = z.array(z.string().regex(/^\/./, 'must be an absolute path other than /'));

/** The share of the machine's memory that running tasks may reserve where nothing else is set. */
const MEMORY_BUDGET_SHARE = 0.8;

/**
 * Every setting of the sidecar, with its default. The same names go for `init.config` and the JSON file; a flag is the
 * name in kebab case, an environment variable `EXEC_SIDECAR_` and the name in upper snake case.
 * The description of each is what `--help` prints.
 */
export const settingsSchema = z.strictObject({
  maxConcurrentTasks: positive.max(10_000).default(executor.maxConcurrentTasks).describe('tasks that run at once'),
  queueSize: positive.max(1_000_000).default(executor.queueSize).describe('tasks that wait for a slot'),
  memoryBudgetBytes: positive
    .default(() => defaultMemoryBudgetBytes())
    .describe('sum of the memory limits of running tasks (default: 80 % of the memory of the machine or container)'),
  defaultTimeoutMs: positive.default(executor.defaultTimeoutMs).describe('wall time of a task that sets none'),
  defaultCpuTimeLimitMs: positive.default(executor.defaultCpuTimeLimitMs).describe('CPU time of a task that sets none'),
  defaultMemoryLimitBytes: positive
    .default(executor.defaultMemoryLimitBytes)
    .describe('memory of a task that sets none'),
  defaultProcessLimit: positive.default(executor.defaultProcessLimit).describe('processes of a task that sets none'),
  defaultOpenFilesLimit: positive
    .default(executor.defaultOpenFilesLimit)
    .describe('open files of each process of a task that sets none'),
  defaultFileSizeLimitBytes: positive
    .default(executor.defaultFileSizeLimitBytes)
    .describe('size of each written file of a task that sets none'),
  defaultOutputLimitBytes: positive
    .default(executor.defaultOutputLimitBytes)
    .describe('stdout and stderr together of a task that sets none'),
  defaultWorkspaceLimitBytes: positive
    .default(executor.defaultWorkspaceLimitBytes)
    .describe('workspace files of a task that sets none'),
  defaultCpuPercent: positive
    .nullable()
    .default(executor.defaultCpuPercent)
    .describe('CPU rate of a task that sets none; 100 is one core, null no limit'),
  limitCeilings: taskLimitsSchema
    .strict()
    .default({})
    .describe('what a task may ask for at most, by the names of `limits`'),
  enableMonitoring: z
    .boolean()
    .default(executor.enableMonitoring)
    .describe('sample CPU, memory, processes and workspace'),
  priorityAgingMs: positive
    .default(executor.priorityAgingMs)
    .describe('waiting this long is worth one step of priority'),
  resultCacheSize: positive
    .max(1_000_000)
    .default(executor.resultCacheSize)
    .describe('results kept for lookup by execution id'),
  resultCacheBytes: positive.default(executor.resultCacheBytes).describe('bytes that those results may hold'),
  workerPoolSize: z.int().min(0).max(1_000).default(executor.workerPoolSize).describe('sandboxes kept prepared'),
  sandbox: z
    .enum(['auto', 'process', 'bubblewrap'])
    .default('auto')
    .describe('sandbox backend; auto takes the strongest'),
  sandboxUid: z
    .int()
    .min(1)
    .max(4_294_967_294)
    .default(65_534)
    .describe('user that sandboxed tasks run as where the sidecar is root'),
  readOnlyPaths: absolutePaths
    .default([])
    .describe('absolute paths that sandboxed tasks may read besides those of the system'),
  network: z.boolean().default(false).describe('whether tasks may use the network, where the backend can forbid it'),
  workspaceRoot: z.string().min(1).optional().describe('folder for workspaces (default: the temporary folder)'),
  allowedCwd: words
    .default([])
    .describe('absolute folders that a task may have as its cwd beside its workspace; read-only in bubblewrap'),
  commandPolicy: z
    .strictObject({ allow: words.optional(), deny: words.optional() })
    .default({})
    .describe('commands that are refused, or the only ones that are not: a guard rail, not a boundary'),
  maxFrameBytes: z
    .int()
    .min(4 * MAX_OUTPUT_CHUNK_BYTES)
    .max(MAX_FRAME_BYTES)
    .default(MAX_FRAME_BYTES)
    .describe('the largest frame'),
  taskWindowBytes: positive.default(DEFAULT_TASK_WINDOW_BYTES).describe('submit bytes that may wait to be started'),
  outputWindowBytes: positive
    .default(DEFAULT_OUTPUT_WINDOW_BYTES)
    .describe('output of one task that may be sent before the host gives credit'),
  stdinWindowBytes: positive
    .default(DEFAULT_STDIN_WINDOW_BYTES)
    .describe('stdin of one task that may wait for its process'),
  inboxFrames: positive.default(4_096).describe('submit frames that may wait for the dispatcher'),
  outboxFrames: z.int().min(8).default(64).describe('output frames that may wait for the host'),
  outboxBytes: positive.default(4_194_304).describe('bytes that those output frames may hold'),
  outboxResults: positive.default(1_024).describe('results that may wait for the host'),
  outboxResultBytes: positive.default(33_554_432).describe('bytes that those results may hold'),
  onEof: z.enum(['kill', 'drain']).default('kill').describe('what the end of stdin does with tasks under way'),
  logLevel: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .default('warn')
    .describe('what is logged on stderr; `run` logs only errors unless it is set'),
});

/** The settings of a sidecar, complete. */
export type Settings = z.infer<typeof settingsSchema>;

/** Settings as somebody gives them: any of them may be left out. */
export type SettingsInput = z.input<typeof settingsSchema>;

/** The name of a setting. */
export type SettingName = keyof Settings;

/** 80 % of the memory that this process may have: of its cgroup where that is limited, else of the machine. */
export function defaultMemoryBudgetBytes(): number {
  const constrained = process.constrainedMemory();
  const machine = totalmem();
  const available = constrained > 0 && constrained < machine ? constrained : machine;
  return Math.floor(available * MEMORY_BUDGET_SHARE);
}
