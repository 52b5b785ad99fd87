import type { EnforcementTable, LimitEvidence, TaskStatus, UsageEvent } from '../../protocol/index.js';
import type { WorkspaceMeasure } from '../sandbox/backend.js';
import type { TaskAccounting } from '../sandbox/task-accounting.js';

/** What is monitored: one task that runs. */
export interface MonitorTarget {
  readonly executionId: string;
  /** The kernel's own accounting of the tree; null or left out where it has none. */
  readonly accounting?: TaskAccounting | null;
  /** Who enforces each limit; where it is left out, the monitor does. */
  readonly enforcement?: EnforcementTable;
  /** How many of the members are the sandbox's own and do not count as the task's; none where it is left out. */
  readonly helpers?: number;
  /** The processes of the tree that are alive now. */
  members(): Promise<readonly number[]>;
  /** The sizes of the files in the workspace; null where they cannot be known. */
  measureWorkspace(): Promise<WorkspaceMeasure | null>;
}

/** Who wants to hear of it. Called on the monitor's turn: has to be cheap. What it throws is logged. */
export interface MonitorObserver {
  /** A limit is exceeded. Called once at most for a task, with the first one, after the warnings of that limit. */
  onBreach(evidence: LimitEvidence, status: TaskStatus): void;
  /** A new sample. Comes as often as the monitor samples, and not at all where sampling is disabled. */
  onUsage(sample: UsageEvent): void;
}
