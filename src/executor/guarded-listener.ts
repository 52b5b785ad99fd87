import type { Logger } from '../tracking/index.js';
import type { TaskListener } from './task-listener.js';

/** A listener whose faults are logged and never reach the task that it listens to. */
export function guardListener(listener: TaskListener, logger: Logger): Required<TaskListener> {
  const report = (event: keyof TaskListener, error: unknown) =>
    logger.error({ err: error, event }, 'a task listener failed');
  const call = (event: keyof TaskListener, act: () => void | Promise<void>): void | Promise<void> => {
    try {
      return act()?.catch((error: unknown) => report(event, error));
    } catch (error) {
      report(event, error);
    }
  };
  return {
    onQueued: (position) => void call('onQueued', () => listener.onQueued?.(position)),
    onStarted: (start) => void call('onStarted', () => listener.onStarted?.(start)),
    onOutput: (stream, offset, data) => call('onOutput', () => listener.onOutput?.(stream, offset, data)),
    onOutputAbandoned: () => void call('onOutputAbandoned', () => listener.onOutputAbandoned?.()),
    onUsage: (usage) => void call('onUsage', () => listener.onUsage?.(usage)),
    onStdinAllowed: (totalBytes) => void call('onStdinAllowed', () => listener.onStdinAllowed?.(totalBytes)),
    onResult: (result) => call('onResult', () => listener.onResult?.(result)),
  };
}
