import type { Heartbeat } from '../../protocol/index.js';
import { assertMilliseconds } from './arguments.js';

/**
 * How a sidecar is, judged by its heartbeats:
 *
 * - `healthy`: they come in time.
 * - `busy`: they come late, or tell of an event loop that was blocked. The sidecar works, only slowly.
 * - `hostNotReading`: they may have come, but this program has not read them, because its own event loop was blocked or
 *   a flood of frames is in front of them. Nothing is known against the sidecar.
 * - `stuck`: none has come for `stuckAfterMs` although this program has read all the time.
 */
export type HealthState = 'healthy' | 'busy' | 'hostNotReading' | 'stuck';

/** How a sidecar is, and why it is thought to be so. All times in ms. */
export interface HealthReport {
  readonly state: HealthState;
  /** Since the last heartbeat, or since the sidecar was ready where none has come yet. */
  readonly sinceHeartbeatMs: number;
  /** The part of that in which this program has read what came: what the sidecar has been silent for. */
  readonly silentMs: number;
  /** The rest: for how long this program's event loop was blocked, or its reader was behind. */
  readonly hostBlockedMs: number;
  /** The last heartbeat: `loopDelayMs` is the sidecar's own, `active` and `queued` are its tasks. */
  readonly heartbeat: Heartbeat | undefined;
}

/** When a sidecar counts as what. */
export interface HealthOptions {
  /** Asks for a heartbeat this often, in ms, from 1 to 2^31 − 1; 0 for none, which makes the health unknown. Default 1,000. */
  readonly heartbeatMs?: number | undefined;
  /** A heartbeat this much late, or an event loop blocked for this long, is `busy`, in ms, at least 1. Default 500. */
  readonly busyAfterMs?: number | undefined;
  /** Silence of this length is `stuck`, in ms, more than `heartbeatMs`. Default 10,000, at least 5 heartbeats. */
  readonly stuckAfterMs?: number | undefined;
  /**
   * A sidecar that is silent for so long is killed, in ms, at least `stuckAfterMs`: who waits for it is told, with code
   * `sidecar_stuck`, and with `restart` a new one is started. 0 leaves it alone. Default 60,000, at least `stuckAfterMs`.
   */
  readonly killStuckAfterMs?: number | undefined;
}

export type HealthLimits = { readonly [Name in keyof HealthOptions]-?: number };

/** @throws InvalidArgumentError */
export function healthLimits(options: HealthOptions): HealthLimits {
  assertMilliseconds(options.heartbeatMs, 'options.heartbeatMs', 0);
  assertMilliseconds(options.busyAfterMs, 'options.busyAfterMs', 1);
  const { heartbeatMs = 1_000, busyAfterMs = 500 } = options;
  assertMilliseconds(options.stuckAfterMs, 'options.stuckAfterMs', heartbeatMs + 1);
  const { stuckAfterMs = Math.max(10_000, 5 * heartbeatMs) } = options;
  if (options.killStuckAfterMs !== 0) {
    assertMilliseconds(options.killStuckAfterMs, 'options.killStuckAfterMs', stuckAfterMs);
  }
  const { killStuckAfterMs = Math.max(60_000, stuckAfterMs) } = options;
  return { heartbeatMs, busyAfterMs, stuckAfterMs, killStuckAfterMs };
}

/** What has been measured. */
export type HealthFigures = Omit<HealthReport, 'state'>;

/** What the figures mean. */
export function healthState(figures: HealthFigures, limits: HealthLimits): HealthState {
  const { sinceHeartbeatMs, silentMs, heartbeat } = figures;
  const lateMs = limits.heartbeatMs + limits.busyAfterMs;
  if (silentMs >= limits.stuckAfterMs) return 'stuck';
  if (silentMs >= lateMs) return 'busy';
  if (sinceHeartbeatMs >= lateMs) return 'hostNotReading';
  return (heartbeat?.loopDelayMs ?? 0) >= limits.busyAfterMs ? 'busy' : 'healthy';
}
