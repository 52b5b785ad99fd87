import type { Health, Heartbeat } from '../../protocol/index.js';
import { MAX_TIMER_MS } from './max-timer.js';
import type { Outbox } from './outbox.js';

/** What a heartbeat tells, beside its number. */
export type Pulse = Omit<Heartbeat, 'seq'>;

/** Who knows how the sidecar is. */
export interface HealthProbe {
  pulse(): Pulse;
  health(): Health;
}

/**
 * Sends a heartbeat every `intervalMs`, where the host asked for it, until it is disposed of. A host that does not
 * read finds only the newest.
 */
export function startHeartbeat(intervalMs: number | undefined, outbox: Outbox, probe: HealthProbe): Disposable | null {
  if (intervalMs === undefined) return null;
  let seq = 0;
  const timer = setInterval(
    () => {
      seq += 1;
      outbox.replaceable('heartbeat', { type: 'heartbeat', id: 0, body: { seq, ...probe.pulse() } });
    },
    Math.min(intervalMs, MAX_TIMER_MS),
  );
  timer.unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
