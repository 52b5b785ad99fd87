import {
  encodeFrame,
  type HostFrame,
  MAX_UNANSWERED_QUERIES,
  type Query,
  type TaskResult,
  taskStatusSchema,
  type WindowSizes,
} from '../../../protocol/index.js';
import { resultBody } from './bodies.js';
import type { Host } from './host.js';
import type { ServeOptions } from './steps.js';

interface ServedTask {
  readonly executionId: string;
  readonly command: string;
  readonly stdout: string;
  readonly bytes: number;
  timer: NodeJS.Timeout;
}

/**
 * A sidecar that pretends to run every task: all at once, each started `taskMs` after it came and finished `taskMs`
 * later, with its arguments as stdout. Questions are answered after `answerMs`. A host that goes beyond its windows gets a `protocolError`.
 */
export class Service {
  readonly #host: Host;
  readonly #window: WindowSizes;
  readonly #taskMs: number;
  readonly #answerMs: number;
  readonly #tasks = new Map<number, ServedTask>();
  readonly #results = new Map<string, TaskResult>();
  #executions = 0;
  #unstartedBytes = 0;
  #unanswered = 0;
  #isLeaving = false;

  constructor(host: Host, window: WindowSizes, { taskMs = 0, answerMs = 0 }: ServeOptions) {
    this.#host = host;
    this.#window = window;
    this.#taskMs = taskMs;
    this.#answerMs = answerMs;
  }

  receive(frame: HostFrame): void {
    if (frame.type === 'submit') this.#admit(frame.id, frame.body, encodeFrame(frame).byteLength);
    if (frame.type === 'submitBatch') {
      const bytes = encodeFrame(frame).byteLength / frame.body.tasks.length;
      for (const [id, task] of frame.body.tasks) this.#admit(id, task, bytes);
    }
    if (frame.type === 'cancel') this.#finish(frame.id, { status: 'cancelled', exitCode: null });
    if (frame.type === 'query' || frame.type === 'ping') this.#answer(frame);
    if (frame.type === 'shutdown' && !this.#host.ignoresShutdown) this.#shutDown(frame.body.mode);
  }

  #admit(id: number, task: unknown, bytes: number): void {
    const { command, args = [] } = task as { command: string; args?: string[] };
    this.#executions += 1;
    const executionId = `execution-${this.#executions}`;
    const timer = setTimeout(() => this.#start(id), this.#taskMs);
    this.#tasks.set(id, { executionId, command, stdout: args.join(' '), bytes, timer });
    this.#unstartedBytes += bytes;
    if (this.#tasks.size > this.#window.tasks) this.#refuse(`${this.#tasks.size} tasks are unfinished`);
    if (this.#unstartedBytes > this.#window.taskBytes) this.#refuse(`${this.#unstartedBytes} bytes are unstarted`);
    this.#host.send({ type: 'accepted', id, body: { executionId, position: 0 } });
  }

  #start(id: number): void {
    const task = this.#tasks.get(id)!;
    this.#unstartedBytes -= task.bytes;
    this.#host.send({ type: 'started', id, body: { queuedMs: 0 } });
    task.timer = setTimeout(() => this.#finish(id, { stdout: task.stdout }), this.#taskMs);
  }

  #finish(id: number, outcome: Parameters<typeof resultBody>[0]): void {
    const task = this.#tasks.get(id);
    if (!task) return;
    clearTimeout(task.timer);
    this.#tasks.delete(id);
    const result = resultBody({ executionId: task.executionId, ...outcome });
    this.#results.set(task.executionId, result);
    this.#host.send({ type: 'result', id, body: result });
    if (this.#isLeaving && this.#tasks.size === 0) this.#leave();
  }

  #answer(frame: HostFrame & { type: 'query' | 'ping' }): void {
    this.#unanswered += 1;
    if (this.#unanswered > MAX_UNANSWERED_QUERIES) this.#refuse(`${this.#unanswered} questions are unanswered`);
    setTimeout(() => {
      this.#unanswered -= 1;
      const { id, body } = frame;
      if (frame.type === 'ping') this.#host.send({ type: 'pong', id, body });
      else this.#host.send({ type: 'reply', id, body: this.#replyTo(frame.body) });
    }, this.#answerMs);
  }

  #replyTo(query: Query): Record<string, unknown> {
    const unknown = {
      kind: 'validation',
      message: 'executionId: no result is kept',
      details: { code: 'unknown_execution' },
    };
    const percentiles = { p50: null, p90: null, p99: null, max: null };
    const tasks = [...this.#tasks].map(([id, { executionId, command }]) => {
      return { id, executionId, command, state: 'queued', priority: 0, ageMs: 0 };
    });
    switch (query.what) {
      case 'queues':
        return { queues: [] };
      case 'statistics':
        return {
          completed: this.#results.size,
          byStatus: Object.fromEntries(taskStatusSchema.options.map((status) => [status, 0])),
          cacheHits: 0,
          queuedMs: percentiles,
          runMs: percentiles,
          throughputPerMinute: 0,
          uptimeMs: 1,
        };
      case 'tasks':
        return { tasks };
      case 'health':
        return {
          uptimeMs: 1,
          loopDelayMs: 0,
          memoryBytes: 1,
          openFiles: null,
          active: 0,
          queued: tasks.length,
          shuttingDown: false,
        };
      case 'result':
        return { ...(this.#results.get(query.executionId) ?? { error: unknown }) };
    }
  }

  #shutDown(mode: 'drain' | 'now'): void {
    this.#isLeaving = true;
    if (this.#tasks.size === 0) this.#leave();
    if (mode === 'now')
      for (const id of [...this.#tasks.keys()]) this.#finish(id, { status: 'cancelled', exitCode: null });
  }

  #leave(): void {
    const completed = this.#results.size;
    this.#host.send({ type: 'bye', id: 0, body: { reason: 'shutdown', completed, cancelled: 0, leaked: 0 } });
    process.stdout.end(() => process.exit(0));
  }

  #refuse(message: string): void {
    this.#host.send({ type: 'protocolError', id: 0, body: { code: 'window_overrun', message } });
    process.stdout.end(() => process.exit(65));
  }
}
