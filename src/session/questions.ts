import type { Query, WireError } from '../../protocol/index.js';
import { ProtocolFault } from '../../protocol/wire.js';
import type { TaskExecutor } from '../executor/index.js';
import type { QueueRegistry } from '../tracking/index.js';
import type { HealthProbe } from './heartbeat.js';
import type { Outbox } from './outbox.js';
import { sendResult } from './send-result.js';
import type { TaskTable } from './task-table.js';

export interface QuestionsOptions {
  readonly table: TaskTable;
  readonly registry: QueueRegistry;
  readonly executor: TaskExecutor;
  readonly outbox: Outbox;
  readonly probe: HealthProbe;
}

/** Answers the host's questions about the sidecar. */
export class Questions {
  readonly #options: QuestionsOptions;

  constructor(options: QuestionsOptions) {
    this.#options = options;
  }

  /** Sends the reply to a query. `onAnswered` is called when it is on its way. */
  answer(id: number, query: Query, onAnswered: () => void): void {
    if (query.what === 'result') this.#answerResult(id, query.executionId, onAnswered);
    else this.#answerAtOnce(id, query.what, onAnswered);
  }

  /** An answer that no frame can hold is an error of its own: it is not the host's fault. */
  #answerAtOnce(id: number, what: Exclude<Query['what'], 'result'>, onAnswered: () => void): void {
    const { outbox } = this.#options;
    try {
      outbox.control({ type: 'reply', id, body: this.#compose(what) }, onAnswered);
    } catch (error) {
      if (!(error instanceof ProtocolFault) || error.code !== 'frame_too_large') throw error;
      outbox.control({ type: 'reply', id, body: { error: tooLarge(what, error) } }, onAnswered);
    }
  }

  #compose(what: Exclude<Query['what'], 'result'>): Record<string, unknown> {
    const { registry, executor, table, probe } = this.#options;
    switch (what) {
      case 'queues':
        return { queues: registry.snapshot() };
      case 'statistics':
        return executor.statistics();
      case 'tasks':
        return { tasks: table.summaries() };
      case 'health':
        return probe.health();
    }
  }

  /** A result may be large, so it takes its turn among the results. */
  #answerResult(id: number, executionId: string, onAnswered: () => void): void {
    const { executor, outbox } = this.#options;
    const result = executor.resultCollector.lookup(executionId);
    if (result === undefined) {
      outbox.control({ type: 'reply', id, body: { error: unknownExecution(executionId) } }, onAnswered);
    } else {
      void sendResult(outbox, result, (body) => ({ type: 'reply', id, body: { ...body } }), onAnswered);
    }
  }
}

function tooLarge(what: Query['what'], { code, message }: ProtocolFault): WireError {
  return { kind: 'resource', message: `${what}: the answer cannot be sent: ${message}`, details: { code } };
}

function unknownExecution(executionId: string): WireError {
  return {
    kind: 'validation',
    message: `executionId: no result is kept for ${JSON.stringify(executionId.slice(0, 64))}: it is unknown, unfinished or was forgotten (settings resultCacheSize, resultCacheBytes)`,
    details: { code: 'unknown_execution' },
  };
}
