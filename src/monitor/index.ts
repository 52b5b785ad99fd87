import type { EffectiveLimits, LimitEvidence, ResourceUsage, TaskStatus, UsageEvent } from '../../protocol/index.js';
import type { WorkspaceMeasure } from '../sandbox/backend.js';
import type { Logger, QueueRegistry } from '../tracking/index.js';
export interface MonitorTarget { readonly executionId: string; members(): Promise<readonly number[]>; measureWorkspace(): Promise<WorkspaceMeasure | null> }
export interface MonitorObserver { onBreach(evidence: LimitEvidence, status: TaskStatus): void; onUsage(sample: UsageEvent): void }
export interface MonitorHandle { readonly target: MonitorTarget; timer: NodeJS.Timeout; t0: number }
export class ResourceMonitor {
  constructor(readonly options: { enabled: boolean; registry: QueueRegistry; logger: Logger }) {}
  startMonitoring(target: MonitorTarget, limits: EffectiveLimits, o: MonitorObserver): MonitorHandle {
    const t0 = performance.now();
    return { target, t0, timer: setTimeout(() => o.onBreach({ limit: 'timeoutMs', capacity: limits.timeoutMs, observed: Math.round(performance.now() - t0), enforcedBy: 'timer', confidence: 'measured' }, 'timeout'), Math.min(limits.timeoutMs, 2 ** 31 - 1)) };
  }
  async stopMonitoring(h: MonitorHandle): Promise<ResourceUsage> { clearTimeout(h.timer); return { wallMs: 0, cpuMs: null, userMs: null, systemMs: null, memoryPeakBytes: null, processPeak: null, ioReadBytes: null, ioWriteBytes: null }; }
  close(): void {}
}
