import { readdirSync } from 'node:fs';
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import type { Health } from '../../protocol/index.js';
import type { TaskExecutor } from '../executor/index.js';
import type { HealthProbe, Pulse } from '../session/index.js';

/** How often the event loop is probed, in ms. */
const LOOP_RESOLUTION_MS = 100;

/** Watches how the sidecar itself is. */
export class PulseProbe implements HealthProbe, Disposable {
  readonly #executor: TaskExecutor;
  readonly #loop: IntervalHistogram;

  constructor(executor: TaskExecutor) {
    this.#executor = executor;
    this.#loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
    this.#loop.enable();
  }

  /** What a heartbeat tells. `loopDelayMs` is the worst delay since somebody last asked. */
  pulse(): Pulse {
    const { activeTasks, queuedTasks } = this.#executor.scheduler;
    return {
      uptimeMs: Math.round(process.uptime() * 1_000),
      loopDelayMs: this.#takeLoopDelay(),
      active: activeTasks.size,
      queued: queuedTasks,
    };
  }

  /** What a `health` query tells. */
  health(): Health {
    return {
      ...this.pulse(),
      memoryBytes: process.memoryUsage.rss(),
      openFiles: openFiles(),
      shuttingDown: this.#executor.refusing,
    };
  }

  [Symbol.dispose](): void {
    this.#loop.disable();
  }

  /** The histogram holds whole intervals, so the interval itself is no delay. */
  #takeLoopDelay(): number {
    const worst = this.#loop.count === 0 ? 0 : this.#loop.max / 1e6 - LOOP_RESOLUTION_MS;
    this.#loop.reset();
    return Math.max(0, Math.round(worst));
  }
}

function openFiles(): number | null {
  try {
    return readdirSync('/proc/self/fd').length - 1;
  } catch {
    return null;
  }
}
