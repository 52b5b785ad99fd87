import * as z from 'zod';
import { MAX_FRAME_BYTES, taskLimitsSchema } from '../../protocol/index.js';
import { BACKENDS, defaultSettings as defaults, EOF_ACTS, LEAST_FRAME_BYTES, LOG_LEVELS } from './plain-settings.js';

const positive = z.int().min(1);
const words = z.array(z.string().min(1));
const absolutePaths = z.array(z.string().regex(/^\/./, 'must be an absolute path other than /'));

/**
 * Every setting of the sidecar, with its default. The same names go for `init.config` and the JSON file; a flag is the
 * name in kebab case, an environment variable `EXEC_SIDECAR_` and the name in upper snake case.
 * The description of each is what `--help` prints.
 */
export const settingsSchema = z.strictObject({
  maxConcurrentTasks: positive.max(10_000).default(defaults.maxConcurrentTasks).describe('tasks that run at once'),
  queueSize: positive.max(1_000_000).default(defaults.queueSize).describe('tasks that wait for a slot'),
  memoryBudgetBytes: positive
    .default(() => defaults.memoryBudgetBytes)
    .describe('sum of the memory limits of running tasks (default: 80 % of the memory of the machine or container)'),
  defaultTimeoutMs: positive.default(defaults.defaultTimeoutMs).describe('wall time of a task that sets none'),
  defaultCpuTimeLimitMs: positive.default(defaults.defaultCpuTimeLimitMs).describe('CPU time of a task that sets none'),
  defaultMemoryLimitBytes: positive
    .default(defaults.defaultMemoryLimitBytes)
    .describe('memory of a task that sets none'),
  defaultProcessLimit: positive.default(defaults.defaultProcessLimit).describe('processes of a task that sets none'),
  defaultOpenFilesLimit: positive
    .default(defaults.defaultOpenFilesLimit)
    .describe('open files of each process of a task that sets none'),
  defaultFileSizeLimitBytes: positive
    .default(defaults.defaultFileSizeLimitBytes)
    .describe('size of each written file of a task that sets none'),
  defaultOutputLimitBytes: positive
    .default(defaults.defaultOutputLimitBytes)
    .describe('stdout and stderr together of a task that sets none'),
  defaultWorkspaceLimitBytes: positive
    .default(defaults.defaultWorkspaceLimitBytes)
    .describe('workspace files of a task that sets none'),
  defaultCpuPercent: positive
    .nullable()
    .default(defaults.defaultCpuPercent)
    .describe('CPU rate of a task that sets none; 100 is one core, null no limit'),
  limitCeilings: taskLimitsSchema
    .strict()
    .default({})
    .describe('what a task may ask for at most, by the names of `limits`'),
  enableMonitoring: z
    .boolean()
    .default(defaults.enableMonitoring)
    .describe('sample CPU, memory, processes and workspace'),
  priorityAgingMs: positive
    .default(defaults.priorityAgingMs)
    .describe('waiting this long is worth one step of priority'),
  resultCacheSize: positive
    .max(1_000_000)
    .default(defaults.resultCacheSize)
    .describe('results kept for lookup by execution id'),
  resultCacheBytes: positive.default(defaults.resultCacheBytes).describe('bytes that those results may hold'),
  workerPoolSize: z.int().min(0).max(1_000).default(defaults.workerPoolSize).describe('sandboxes kept prepared'),
  sandbox: z.enum(BACKENDS).default(defaults.sandbox).describe('sandbox backend; auto takes the strongest'),
  sandboxUid: z
    .int()
    .min(1)
    .max(4_294_967_294)
    .default(defaults.sandboxUid)
    .describe('user that sandboxed tasks run as where the sidecar is root'),
  readOnlyPaths: absolutePaths
    .default([])
    .describe('absolute paths that sandboxed tasks may read besides those of the system'),
  network: z
    .boolean()
    .default(defaults.network)
    .describe('whether tasks may use the network, where the backend can forbid it'),
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
    .min(LEAST_FRAME_BYTES)
    .max(MAX_FRAME_BYTES)
    .default(defaults.maxFrameBytes)
    .describe('the largest frame'),
  taskWindowBytes: positive.default(defaults.taskWindowBytes).describe('submit bytes that may wait to be started'),
  outputWindowBytes: positive
    .default(defaults.outputWindowBytes)
    .describe('output of one task that may be sent before the host gives credit'),
  stdinWindowBytes: positive
    .default(defaults.stdinWindowBytes)
    .describe('stdin of one task that may wait for its process'),
  inboxFrames: positive.default(defaults.inboxFrames).describe('submit frames that may wait for the dispatcher'),
  outboxFrames: z.int().min(8).default(defaults.outboxFrames).describe('output frames that may wait for the host'),
  outboxBytes: positive.default(defaults.outboxBytes).describe('bytes that those output frames may hold'),
  outboxResults: positive.default(defaults.outboxResults).describe('results that may wait for the host'),
  outboxResultBytes: positive.default(defaults.outboxResultBytes).describe('bytes that those results may hold'),
  onEof: z.enum(EOF_ACTS).default(defaults.onEof).describe('what the end of stdin does with tasks under way'),
  logLevel: z
    .enum(LOG_LEVELS)
    .default(defaults.logLevel)
    .describe('what is logged on stderr; `run` logs only errors unless it is set'),
});

/** The settings of a sidecar, complete. */
export type Settings = z.infer<typeof settingsSchema>;

/** Settings as somebody gives them: any of them may be left out. */
export type SettingsInput = z.input<typeof settingsSchema>;

/** The name of a setting. */
export type SettingName = keyof Settings;
