import type { LimitCategory, LimitUnit } from '../../protocol/index.js';

/** What the catalogue says of a limit. */
export interface TrackedLimitDefinition {
  readonly category: LimitCategory;
  readonly unit: LimitUnit;
  /** `sidecar`: one for the whole process; `task`: one for each running task, scoped by its execution id. */
  readonly per: 'sidecar' | 'task';
  /** The setting, or the field of a task, that raises the limit. */
  readonly configKey: string;
  /** The setting that raises the byte bound of a queue that counts items. */
  readonly configKeyBytes?: string;
  readonly description: string;
}

/**
 * The stable catalogue of limits that may warn. The table in `protocol/README.md` equals it; a test compares them.
 * Per-task limits bear the name of the field in `limits` that sets them.
 */
export const trackedLimits = {
  inboxQueue: {
    category: 'queue',
    unit: 'items',
    per: 'sidecar',
    configKey: 'inboxFrames',
    configKeyBytes: 'taskWindowBytes',
    description: 'Submit frames that were read and wait for the dispatcher',
  },
  schedulerQueue: {
    category: 'queue',
    unit: 'tasks',
    per: 'sidecar',
    configKey: 'queueSize',
    configKeyBytes: 'taskWindowBytes',
    description: 'Accepted tasks that wait for a worker slot',
  },
  outputQueue: {
    category: 'queue',
    unit: 'items',
    per: 'sidecar',
    configKey: 'outboxFrames',
    configKeyBytes: 'outboxBytes',
    description: 'Output frames that wait for the host to read',
  },
  resultQueue: {
    category: 'queue',
    unit: 'items',
    per: 'sidecar',
    configKey: 'outboxResults',
    configKeyBytes: 'outboxResultBytes',
    description: 'Results that wait for the host to read',
  },
  controlQueue: {
    category: 'queue',
    unit: 'items',
    per: 'sidecar',
    configKey: 'queueSize',
    configKeyBytes: 'maxFrameBytes',
    description: 'Control frames and replies that wait for the host to read',
  },
  activeTasks: {
    category: 'resource',
    unit: 'tasks',
    per: 'sidecar',
    configKey: 'maxConcurrentTasks',
    description: 'Tasks that run at once',
  },
  memoryBudget: {
    category: 'memory',
    unit: 'bytes',
    per: 'sidecar',
    configKey: 'memoryBudgetBytes',
    description: 'Sum of the memory limits of the running tasks',
  },
  sidecarOpenFiles: {
    category: 'resource',
    unit: 'files',
    per: 'sidecar',
    configKey: 'ulimit -n',
    description: 'Files that the sidecar itself has open, pipes to tasks above all',
  },
  timeoutMs: {
    category: 'resource',
    unit: 'ms',
    per: 'task',
    configKey: 'limits.timeoutMs',
    description: 'Wall time of a task',
  },
  cpuTimeMs: {
    category: 'cpu',
    unit: 'ms',
    per: 'task',
    configKey: 'limits.cpuTimeMs',
    description: 'CPU time of the process tree of a task',
  },
  memoryBytes: {
    category: 'memory',
    unit: 'bytes',
    per: 'task',
    configKey: 'limits.memoryBytes',
    description: 'Memory of the process tree of a task',
  },
  processes: {
    category: 'resource',
    unit: 'processes',
    per: 'task',
    configKey: 'limits.processes',
    description: 'Processes alive at once in the tree of a task',
  },
  outputBytes: {
    category: 'resource',
    unit: 'bytes',
    per: 'task',
    configKey: 'limits.outputBytes',
    description: 'stdout and stderr of a task together',
  },
  workspaceBytes: {
    category: 'resource',
    unit: 'bytes',
    per: 'task',
    configKey: 'limits.workspaceBytes',
    description: 'Files in the workspace of a task',
  },
  fileSizeBytes: {
    category: 'resource',
    unit: 'bytes',
    per: 'task',
    configKey: 'limits.fileSizeBytes',
    description: 'The largest file in the workspace of a task',
  },
} as const satisfies Record<string, TrackedLimitDefinition>;

/** The name of a limit in the catalogue. */
export type TrackedLimit = keyof typeof trackedLimits;
