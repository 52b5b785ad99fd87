import type { Logger } from '../../tracking/index.js';
import { hasRoomFor } from '../descriptor-room.js';
import { Demand } from './demand.js';
import { FailurePause } from './failure-pause.js';
import type { SandboxPolicy } from './policy.js';
import type { PreparedSandbox } from './prepared-sandbox.js';

export interface WarmPoolOptions {
  /** How many sandboxes wait at most; 0 for none. */
  readonly size: number;
  readonly make: (id: string, policy: SandboxPolicy) => Promise<PreparedSandbox>;
  readonly logger: Logger;
}

/** Where no task has come for so long, none is likely to be right behind. */
const CALM_MS = 10;

/** More that are made at once would keep the next task from its own for long. */
const MAX_AT_ONCE = 4;

/** So many descriptors are left to tasks, beside those of the tasks that run. */
const DESCRIPTORS_LEFT = 200;

/** A sandbox that is being made, by the key of its policy. Once a task waits for it, it is none any more. */
interface Refill {
  readonly key: string;
}

/**
 * Sandboxes that were made beforehand, each for one task whose policy is that of the sandbox; a task that finds none has
 * one made. To make one takes the processors as long as to run a short command, so that tasks which follow one another are
 * left alone with them: what they have taken is replaced when none has come for a while, one after the other, or when they
 * have taken the last, several at once. Where several run at a time, one is made whenever one of them is over. None is made
 * while tasks wait for theirs to be made, from which it would take.
 */
export class WarmPool {
  readonly #options: WarmPoolOptions;
  readonly #demand: Demand;
  readonly #pause = new FailurePause();
  readonly #idle = new Set<PreparedSandbox>();
  readonly #refills = new Map<Refill, Promise<PreparedSandbox | null>>();
  readonly #closings = new Set<Promise<unknown>>();
  #state: 'cold' | 'warm' | 'closed' = 'cold';
  #taken = 0;
  #coldStarts = 0;
  #made = 0;
  #timer: NodeJS.Timeout | null = null;
  #leaked = 0;

  constructor(options: WarmPoolOptions) {
    this.#options = options;
    this.#demand = new Demand(options.size);
  }

  /** From now on sandboxes are prepared: first of this policy, then of those that tasks have. */
  start(policy: SandboxPolicy): void {
    if (this.#state !== 'cold' || this.#options.size === 0) return;
    this.#state = 'warm';
    this.#demand.note(policy, 2 * this.#options.size);
    this.#prepareSoon();
  }

  /**
   * One that waits, else one that is nearly there, else a new one.
   * @throws SandboxError kind `sandbox` where none can be made
   */
  async take(policy: SandboxPolicy, executionId: string): Promise<PreparedSandbox> {
    this.#taken += 1;
    if (this.#state !== 'warm') return this.#options.make(executionId, policy);
    this.#demand.note(policy);
    const warm = this.#waiting(policy.key) ?? (await this.#claim(policy.key));
    this.#options.logger.debug({ executionId, warm: warm !== null }, 'a task has its sandbox');
    this.#prepareWhenCalm();
    if (warm === null) return this.#startCold(policy, executionId);
    this.#pause.succeeded();
    return warm;
  }

  /** To be called when the command of a task is about to be executed. */
  underWay(): void {
    if (this.#taken > 1 || !this.#demand.isUnmet((key) => this.#present(key))) return;
    setImmediate(() => this.#refillSeveral()).unref();
  }

  /** To be called when a task that has taken a sandbox, or tried to, is over. */
  over(): void {
    this.#taken -= 1;
    if (this.#taken > 0) setImmediate(() => this.#refillUnlessBusy()).unref();
  }

  /** Closes what waits, for what it holds is needed. It is prepared anew after a while. */
  giveBack(): void {
    if (this.#idle.size > 0) this.#pause.rest();
    for (const sandbox of this.#idle) this.#discard(sandbox);
  }

  /** Closes what waits, and what is still being made. Idempotent. Tells how many processes would not die. */
  async close(): Promise<{ leaked: number }> {
    this.#state = 'closed';
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const sandbox of this.#idle) this.#discard(sandbox);
    await Promise.all(this.#refills.values());
    await Promise.all(this.#closings);
    return { leaked: this.#leaked };
  }

  #waiting(key: string): PreparedSandbox | null {
    for (const sandbox of this.#idle) {
      if (sandbox.policy.key !== key) continue;
      this.#idle.delete(sandbox);
      if (this.#lives(sandbox)) return sandbox;
    }
    return null;
  }

  async #claim(key: string): Promise<PreparedSandbox | null> {
    for (const [refill, made] of this.#refills) {
      if (refill.key !== key) continue;
      this.#refills.delete(refill);
      const sandbox = await made;
      return sandbox !== null && this.#lives(sandbox) ? sandbox : null;
    }
    return null;
  }

  #lives(sandbox: PreparedSandbox): boolean {
    const { isAlive } = sandbox;
    if (!isAlive) this.#lost(sandbox);
    return isAlive;
  }

  async #startCold(policy: SandboxPolicy, executionId: string): Promise<PreparedSandbox> {
    const isAlone = this.#coldStarts === 0;
    this.#coldStarts += 1;
    try {
      const made = this.#options.make(executionId, policy);
      if (isAlone) this.#refillOne();
      return await made;
    } finally {
      this.#coldStarts -= 1;
      this.#prepareSoon();
    }
  }

  #prepareSoon(): void {
    if (this.#timer === null) this.#prepareIn(0);
  }

  #prepareWhenCalm(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#prepareIn(CALM_MS);
  }

  #prepareIn(waitMs: number): void {
    if (this.#state !== 'warm') return;
    this.#timer = setTimeout(
      () => {
        this.#timer = null;
        this.#refillUnlessBusy();
      },
      Math.max(waitMs, this.#pause.leftMs),
    ).unref();
  }

  #refillUnlessBusy(): void {
    if (this.#pause.leftMs > 0) this.#prepareSoon();
    else if (this.#coldStarts === 0) this.#refillOne();
  }

  #refillOne(): void {
    if (this.#refills.size === 0) this.#refill();
  }

  #refillSeveral(): void {
    for (let begun = 0; begun < MAX_AT_ONCE; begun += 1) {
      if (this.#coldStarts > 0 || !this.#refill()) return;
    }
  }

  /** Has one more made; false where none is wanted, or there is no room for it. */
  #refill(): boolean {
    if (this.#state !== 'warm' || this.#pause.leftMs > 0) return false;
    const policy = this.#demand.neediest((key) => this.#present(key));
    if (policy === null || !hasRoomFor(DESCRIPTORS_LEFT)) return false;
    if (this.#idle.size >= this.#options.size) this.#discardUnwanted();
    const refill = { key: policy.key };
    this.#refills.set(refill, this.#prepare(policy, refill));
    return true;
  }

  #present(key: string): number {
    const policies = [...Array.from(this.#idle, ({ policy }) => policy), ...this.#refills.keys()];
    return policies.filter((policy) => policy.key === key).length;
  }

  #discardUnwanted(): void {
    const isUnwanted = ({ policy: { key } }: PreparedSandbox) => this.#present(key) > this.#demand.wanted(key);
    for (const sandbox of [...this.#idle].filter(isUnwanted).slice(0, 1)) this.#discard(sandbox);
  }

  async #prepare(policy: SandboxPolicy, refill: Refill): Promise<PreparedSandbox | null> {
    const sandbox = await this.#options.make(`warm-${++this.#made}`, policy).catch((error: unknown) => {
      this.#failed(error);
      return null;
    });
    const isClaimed = !this.#refills.delete(refill);
    this.#prepareSoon();
    if (sandbox === null || isClaimed) return sandbox;
    this.#idle.add(sandbox);
    if (this.#state === 'closed') this.#discard(sandbox);
    void sandbox.exited.then(() => {
      if (this.#idle.has(sandbox)) this.#lost(sandbox);
    });
    return sandbox;
  }

  #lost(sandbox: PreparedSandbox): void {
    this.#discard(sandbox);
    this.#failed(new Error('a sandbox that waited for its task has ended'));
    this.#prepareSoon();
  }

  #failed(error: unknown): void {
    if (!this.#pause.failed()) return;
    this.#options.logger.warn({ err: error }, 'no sandbox could be kept prepared: further tries follow, less often');
  }

  #discard(sandbox: PreparedSandbox): void {
    this.#idle.delete(sandbox);
    const closing = sandbox.close().then(({ leaked }) => {
      this.#leaked += leaked;
      this.#closings.delete(closing);
    });
    this.#closings.add(closing);
  }
}
