import type { EffectiveLimits, TaskLimits } from '../../protocol/index.js';
import type { CommandPolicy } from '../sandbox/command-policy.js';

/** The settings of a `TaskExecutor`. Times in ms, sizes in bytes. */
export interface ExecutorConfig {
  /** How many tasks run at once. */
  readonly maxConcurrentTasks: number;
  /** How many tasks may wait for a slot. */
  readonly queueSize: number;
  /** What the waiting tasks may weigh together, in bytes of their submissions. */
  readonly queueBytes: number;
  /** Wall time of a task that sets none. */
  readonly defaultTimeoutMs: number;
  /** Memory of a task that sets none. */
  readonly defaultMemoryLimitBytes: number;
  /** CPU time of a task that sets none. */
  readonly defaultCpuTimeLimitMs: number;
  /** Processes alive at once of a task that sets none. */
  readonly defaultProcessLimit: number;
  /** Open descriptors of each process of a task that sets none. */
  readonly defaultOpenFilesLimit: number;
  /** Size of each written file of a task that sets none. */
  readonly defaultFileSizeLimitBytes: number;
  /** stdout and stderr together of a task that sets none. */
  readonly defaultOutputLimitBytes: number;
  /** Sum of the workspace files of a task that sets none. */
  readonly defaultWorkspaceLimitBytes: number;
  /** CPU rate of a task that sets none; 100 is one core, null is no limit. */
  readonly defaultCpuPercent: number | null;
  /** What a task may ask for at most; a limit that is left out has no ceiling. */
  readonly limitCeilings: TaskLimits;
  /** Whether CPU, memory, processes and workspace are sampled. Wall time and output are always bounded. */
  readonly enableMonitoring: boolean;
  /** How many results stay retrievable by execution id. */
  readonly resultCacheSize: number;
  /** How many bytes those results may hold. */
  readonly resultCacheBytes: number;
  /** How many sandboxes are kept prepared. */
  readonly workerPoolSize: number;
  /** What the memory limits of all running tasks may sum up to. */
  readonly memoryBudgetBytes: number;
  /** Waiting this long is worth one step of priority, so that nothing starves. */
  readonly priorityAgingMs: number;
  /** What stdout, stderr and collected files of one result may hold together. */
  readonly maxResultBytes: number;
  /** How many bytes of streamed stdin may wait for one process. */
  readonly stdinWindowBytes: number;
  /** Which commands are refused. */
  readonly commandPolicy: CommandPolicy;
}

/** The defaults of the executor. The memory budget depends on the machine: see `defaultMemoryBudgetBytes`. */
export const DEFAULT_EXECUTOR_CONFIG = {
  maxConcurrentTasks: 10,
  queueSize: 100,
  queueBytes: 67_108_864,
  defaultTimeoutMs: 30_000,
  defaultMemoryLimitBytes: 536_870_912,
  defaultCpuTimeLimitMs: 30_000,
  defaultProcessLimit: 256,
  defaultOpenFilesLimit: 1_024,
  defaultFileSizeLimitBytes: 1_073_741_824,
  defaultOutputLimitBytes: 8_388_608,
  defaultWorkspaceLimitBytes: 1_073_741_824,
  defaultCpuPercent: null,
  limitCeilings: {},
  enableMonitoring: true,
  resultCacheSize: 1_000,
  resultCacheBytes: 67_108_864,
  workerPoolSize: 4,
  priorityAgingMs: 1_000,
  maxResultBytes: 16_646_144,
  stdinWindowBytes: 262_144,
  commandPolicy: {},
} as const satisfies Omit<ExecutorConfig, 'memoryBudgetBytes'>;

/** The limits of a task that sets none of its own. On a machine with little memory the budget lowers the default. */
export function defaultLimits(config: ExecutorConfig): EffectiveLimits {
  return {
    timeoutMs: config.defaultTimeoutMs,
    cpuTimeMs: config.defaultCpuTimeLimitMs,
    memoryBytes: Math.min(config.defaultMemoryLimitBytes, config.memoryBudgetBytes),
    processes: config.defaultProcessLimit,
    openFiles: config.defaultOpenFilesLimit,
    fileSizeBytes: config.defaultFileSizeLimitBytes,
    outputBytes: config.defaultOutputLimitBytes,
    workspaceBytes: config.defaultWorkspaceLimitBytes,
    cpuPercent: config.defaultCpuPercent,
  };
}
