import type { Writable } from 'node:stream';
import type { QueueRegistry } from '../tracking/index.js';
import type { StdinQueue } from './stdin-queue.js';
import type { TaskHandle } from './task-handle.js';
import { isStreamedStdin } from './validation.js';

/**
 * Gives a command its standard input: what the task has, or what the host streams. Resolves when no more of what is
 * streamed will come, or nobody wants it any more.
 * @param stdin null where the task has none
 */
export async function feedStdin(handle: TaskHandle, stdin: Writable | null, registry: QueueRegistry): Promise<void> {
  if (stdin === null) return;
  if (handle.stdin !== null) return feedStreamed(handle.stdin, stdin, handle.executionId, registry);
  const { stdin: given } = handle.validated.task;
  // A command need not read its stdin: that it has closed the pipe early is no fault of anybody.
  stdin.on('error', () => stdin.destroy());
  stdin.end(isStreamedStdin(given) ? undefined : given);
}

async function feedStreamed(
  queue: StdinQueue,
  stdin: Writable,
  executionId: string,
  registry: QueueRegistry,
): Promise<void> {
  using window = registry.openWindow({
    window: 'stdinWindow',
    scope: executionId,
    capacity: queue.windowBytes,
    configKey: 'stdinWindowBytes',
    name: `host → task ${executionId} stdin`,
    slow: () => 'the task does not read its stdin, or too slowly',
  });
  await queue.feed(stdin, window);
}
