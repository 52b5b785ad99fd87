import { readdirSync } from 'node:fs';
import type { Health } from '../../protocol/index.js';
import type { TaskExecutor } from '../executor/index.js';
import type { HealthProbe, Pulse } from '../session/index.js';
import { LoopDelay } from './loop-delay.js';

/** Watches how the sidecar itself is. */
export class PulseProbe implements HealthProbe, Disposable {
  readonly #executor: TaskExecutor;
  readonly #loopDelay = new LoopDelay();

  constructor(executor: TaskExecutor) {
    this.#executor = executor;
  }

  /** What a heartbeat tells. `loopDelayMs` is the worst delay since somebody last asked. */
  pulse(): Pulse {
    const { activeTasks, queuedTasks } = this.#executor.scheduler;
    return {
      uptimeMs: Math.round(process.uptime() * 1_000),
      loopDelayMs: this.#loopDelay.take(),
      active: activeTasks.size,
      queued: queuedTasks,
    };
  }

  /** What a `health` query tells. */
  health(): Health {
    const { rss, heapUsed, external } = process.memoryUsage();
    return {
      ...this.pulse(),
      memoryBytes: rss,
      heapBytes: heapUsed,
      externalBytes: external,
      openFiles: openFiles(),
      activeResources: activeResources(),
      shuttingDown: this.#executor.refusing,
    };
  }

  [Symbol.dispose](): void {
    this.#loopDelay[Symbol.dispose]();
  }
}

function openFiles(): number | null {
  try {
    return readdirSync('/proc/self/fd').length - 1;
  } catch {
    return null;
  }
}

/** How many resources of each type keep the event loop going. Timers that do not are not among them. */
function activeResources(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const type of process.getActiveResourcesInfo()) counts[type] = (counts[type] ?? 0) + 1;
  return counts;
}
