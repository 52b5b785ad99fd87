import type { LimitWarning } from '../../protocol/index.js';
import type { SidecarError } from './errors.js';
import { Ids } from './ids.js';
import type { LostTask } from './loss.js';
import { QueryTable } from './query-table.js';
import { TaskTable, type WorkLink } from './task-table.js';

export interface WorkOptions {
  /** Why nothing more is taken; undefined while it is. */
  readonly refusal: () => SidecarError | undefined;
  /** Keeps the host alive until the returned function is called. */
  readonly hold: () => () => void;
  readonly onLimitWarning: (warning: LimitWarning) => void;
  /** How long a question may wait for its answer, in ms. */
  readonly answerTimeoutMs: number;
}

/** The tasks and questions of a host that are under way. They outlive a sidecar that is lost and restarted. */
export class Work {
  readonly tasks: TaskTable;
  readonly queries: QueryTable;

  constructor({ refusal, hold, onLimitWarning, answerTimeoutMs }: WorkOptions) {
    const ids = new Ids((id) => this.tasks.has(id) || this.queries.has(id));
    this.tasks = new TaskTable({ ids, refusal, hold, onLimitWarning });
    this.queries = new QueryTable({ ids, refusal, hold, answerTimeoutMs });
  }

  /** A sidecar is there: it is sent what waits, and what comes. */
  attach(link: WorkLink): void {
    this.tasks.attach(link);
    this.queries.attach(link.send);
  }

  /** Nothing more is to be expected of the sidecar: what comes waits for another. */
  suspend(): void {
    this.tasks.suspend();
    this.queries.suspend();
  }

  /** The sidecar is gone. What it had been sent is lost; what it had not waits for another. */
  lose(toError: (task?: LostTask) => SidecarError): void {
    this.tasks.lose(toError);
    this.queries.lose(() => toError());
  }

  /** There will be no other sidecar: everything that waits is told so. */
  fail(toError: (task?: LostTask) => SidecarError): void {
    this.tasks.fail(toError);
    this.queries.fail(() => toError());
  }
}
