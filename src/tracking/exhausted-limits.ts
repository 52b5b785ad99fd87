import { type TrackedLimit, trackedLimits } from './tracked-limit.js';

interface ScopedLimit {
  readonly limit: TrackedLimit;
  readonly scope: string;
}

/** Past this many the oldest are forgotten. Scopes are never used again, so only a limit that is long over can be. */
const MAX_REMEMBERED = 1_000;

/** Remembers which limits have struck, so that each is said once. */
export class ExhaustedLimits {
  readonly #keys = new Set<string>();

  /** False where the limit is known to have struck in this scope. */
  add(scopedLimit: ScopedLimit): boolean {
    const key = keyOf(scopedLimit);
    if (this.#keys.has(key)) return false;
    this.#keys.add(key);
    if (this.#keys.size > MAX_REMEMBERED) this.#forgetOldest();
    return true;
  }

  /** The limit has recovered: where it is one of the sidecar, it may strike again. */
  rearm(scopedLimit: ScopedLimit): void {
    if (trackedLimits[scopedLimit.limit].per === 'sidecar') this.#keys.delete(keyOf(scopedLimit));
  }

  #forgetOldest(): void {
    for (const key of this.#keys) {
      this.#keys.delete(key);
      return;
    }
  }
}

function keyOf({ limit, scope }: ScopedLimit): string {
  return `${limit} ${scope}`;
}
