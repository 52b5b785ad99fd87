import type { TaskResult, UsageEvent } from '../../protocol/index.js';

/** The two output streams of a task. */
export type OutputStreamName = 'stdout' | 'stderr';

/**
 * What happens to a task, in order: queued, started, then output and usage, then exactly one result and nothing more.
 * Where a method answers with a promise, the executor waits for it: that is how a slow listener slows the task down
 * instead of losing anything. A listener that throws or rejects is logged and never harms the task.
 */
export interface TaskListener {
  onQueued?(position: number): void;
  onStarted?(start: { pid?: number; queuedMs: number }): void;
  /**
   * Only in output mode `stream`; `offset` is the position of `data` in that stream; `data` is at most 64 KiB. Its
   * bytes are used again when this has returned, or the promise that it answers with is settled: who keeps them copies
   * them. Those before them in the same buffer mean nothing.
   */
  onOutput?(stream: OutputStreamName, offset: number, data: Uint8Array): void | Promise<void>;
  /** Output that waits to be taken is given up: the task was cancelled. */
  onOutputAbandoned?(): void;
  onUsage?(usage: UsageEvent): void;
  /** The task may now be sent this many bytes of stdin in all. */
  onStdinAllowed?(totalBytes: number): void;
  onResult?(result: TaskResult): void | Promise<void>;
}
