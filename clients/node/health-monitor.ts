import type { Heartbeat } from '../../protocol/index.js';
import { type HealthFigures, type HealthLimits, type HealthReport, healthState } from './health.js';

export interface HealthMonitorOptions {
  readonly limits: HealthLimits;
  /** Whether frames of the sidecar wait because the host has had no time for them. */
  readonly isBehind: () => boolean;
  /** Called with every change of the state. */
  readonly onChange: (report: HealthReport) => void;
  /** Called once, when the sidecar has been silent for `killStuckAfterMs`. */
  readonly onHopeless: (report: HealthReport) => void;
}

/** How many times the host looks at the clock while a heartbeat comes late. */
const LOOKS = 4;

/**
 * Watches the heartbeats of one sidecar, and the host's own event loop beside them: a look at the clock that comes late
 * says for how long the host was blocked, and that time is never held against the sidecar.
 */
export class HealthMonitor implements Disposable {
  readonly #options: HealthMonitorOptions;
  readonly #lookMs: number;
  readonly #timer: NodeJS.Timeout;
  #lastLook = performance.now();
  #lastHeartbeat: Heartbeat | undefined;
  #heardAt = this.#lastLook;
  #hostBlockedMs = 0;
  #report: HealthReport;

  constructor(options: HealthMonitorOptions) {
    const { heartbeatMs, busyAfterMs } = options.limits;
    this.#options = options;
    this.#lookMs = Math.max(1, Math.floor(Math.min(heartbeatMs, busyAfterMs) / LOOKS));
    this.#report = { state: 'healthy', ...this.#figures() };
    this.#timer = setInterval(() => this.#look(), this.#lookMs).unref();
  }

  /** How the sidecar was at the last look. */
  get report(): HealthReport {
    return this.#report;
  }

  /** A heartbeat has been read. */
  heard(heartbeat: Heartbeat): void {
    this.#account();
    this.#judge();
    this.#lastHeartbeat = heartbeat;
    this.#heardAt = this.#lastLook;
    this.#hostBlockedMs = 0;
    this.#judge();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    this.#account();
    this.#judge();
    const { killStuckAfterMs } = this.#options.limits;
    if (killStuckAfterMs === 0 || this.#report.silentMs < killStuckAfterMs) return;
    this[Symbol.dispose]();
    this.#options.onHopeless(this.#report);
  }

  /** Counts the time since the last look for the host or against the sidecar. */
  #account(): void {
    const now = performance.now();
    const passedMs = now - this.#lastLook;
    this.#lastLook = now;
    if (this.#options.isBehind()) this.#hostBlockedMs += passedMs;
    else if (passedMs > 2 * this.#lookMs) this.#hostBlockedMs += passedMs - this.#lookMs;
  }

  #judge(): void {
    const figures = this.#figures();
    const state = healthState(figures, this.#options.limits);
    const hasChanged = state !== this.#report.state;
    this.#report = { state, ...figures };
    if (hasChanged) this.#options.onChange(this.#report);
  }

  #figures(): HealthFigures {
    const sinceHeartbeatMs = this.#lastLook - this.#heardAt;
    const hostBlockedMs = Math.min(this.#hostBlockedMs, sinceHeartbeatMs);
    return {
      sinceHeartbeatMs: Math.round(sinceHeartbeatMs),
      silentMs: Math.round(sinceHeartbeatMs - hostBlockedMs),
      hostBlockedMs: Math.round(hostBlockedMs),
      heartbeat: this.#lastHeartbeat,
    };
  }
}
