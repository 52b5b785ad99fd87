import { type CgroupLimits, isOutOfMemory, type TaskCgroup } from '../cgroup/index.js';
import { SandboxError } from '../errors.js';

/**
 * Why a sandbox could not be made: for want of memory where the kernel has killed what makes it, which bubblewrap itself
 * has nobody left to tell, else what went wrong.
 */
export function launchFailure(error: unknown, cgroup: TaskCgroup, { memoryBytes }: CgroupLimits): SandboxError {
  if (isOutOfMemory(cgroup.events())) {
    const message = `the sandbox could not be made: limits.memoryBytes of ${memoryBytes} has no room for its own helpers, which need some MiB; the task's limits.memoryBytes raises it`;
    return new SandboxError('sandbox', 'memory_too_small', message, { memoryBytes }, { cause: error });
  }
  if (error instanceof SandboxError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  const message = `the sandbox could not be made: it ended too early (${reason})`;
  return new SandboxError('sandbox', 'sandbox_failed', message, { reason }, { cause: error });
}
