import type { OutputOptions, Task } from '../../protocol/index.js';

/** How the output of a task is treated, its defaults filled in. */
export function outputOptions(task: Pick<Task, 'output'>): OutputOptions {
  return { mode: task.output?.mode ?? 'collect', onOverflow: task.output?.onOverflow ?? 'kill' };
}
