import type { SandboxPolicy } from './policy.js';

/**
 * Which sandboxes are worth having prepared: each policy has its share of the places, as it had of the last tasks, twice
 * as many as there are places. Tasks are counted in twos: a policy that came only once has no place.
 */
export class Demand {
  readonly #remembered: number;
  readonly #recent: SandboxPolicy[] = [];
  readonly #counts = new Map<string, { readonly policy: SandboxPolicy; count: number }>();

  /** @param places how many sandboxes there are to be in all */
  constructor(places: number) {
    this.#remembered = 2 * places;
  }

  /** A task of this policy has come, or so many are expected. */
  note(policy: SandboxPolicy, times = 1): void {
    for (let time = 0; time < times; time += 1) {
      this.#recent.push(policy);
      this.#count(policy, 1);
      if (this.#recent.length > this.#remembered) this.#count(this.#recent.shift()!, -1);
    }
  }

  /** How many sandboxes of a policy are wanted. All policies together want no more than there are places. */
  wanted(key: string): number {
    return Math.floor((this.#counts.get(key)?.count ?? 0) / 2);
  }

  /** The policy that lacks the most sandboxes; null where none lacks any. */
  neediest(present: (key: string) => number): SandboxPolicy | null {
    let found: { readonly policy: SandboxPolicy | null; readonly lack: number } = { policy: null, lack: 0 };
    for (const { policy } of this.#counts.values()) {
      const lack = this.wanted(policy.key) - present(policy.key);
      if (lack > found.lack) found = { policy, lack };
    }
    return found.policy;
  }

  /** Whether there is none of a policy of which some are wanted. */
  isUnmet(present: (key: string) => number): boolean {
    for (const key of this.#counts.keys()) if (this.wanted(key) > 0 && present(key) === 0) return true;
    return false;
  }

  #count(policy: SandboxPolicy, change: number): void {
    const entry = this.#counts.get(policy.key) ?? { policy, count: 0 };
    entry.count += change;
    if (entry.count === 0) this.#counts.delete(policy.key);
    else this.#counts.set(policy.key, entry);
  }
}
