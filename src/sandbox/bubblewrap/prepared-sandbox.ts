import type { TaskFile } from '../../../protocol/index.js';
import type { CpuUsage, TaskCgroup } from '../cgroup/index.js';
import type { CommandExit } from '../command-exit.js';
import type { ProcessIdentity } from '../process-entry.js';
import { EXECUTION_MARKER, INSTANCE_MARKER } from '../process-markers.js';
import { RepeatableKill, terminateOrCount } from '../repeatable-kill.js';
import type { BubblewrapContext } from './context.js';
import { endSandbox, isAlive } from './end-sandbox.js';
import { launchFailure } from './launch-failure.js';
import type { LiveSandbox } from './live-sandbox.js';
import type { SandboxPolicy } from './policy.js';

/** Who waits no longer than this keeps its files open: tasks follow one another. */
const CALM_MS = 250;

/**
 * A sandbox that is there, in its cgroup and within its limits, and waits for the one task that it is for. It is on the
 * ledger, and its processes bear the markers of the instance, from the moment it is spawned.
 */
export class PreparedSandbox {
  readonly policy: SandboxPolicy;
  readonly cgroup: TaskCgroup;
  readonly live: LiveSandbox;
  /** How many threads it has beside the task's. */
  readonly helpers: number;
  readonly #context: BubblewrapContext;
  readonly #outside: ProcessIdentity;
  readonly #calm: NodeJS.Timeout;
  readonly #kill: RepeatableKill;
  #id: string;
  #usedBefore: CpuUsage = { cpuMs: null, userMs: null, systemMs: null };
  #end: CommandExit | null = null;
  #closing: Promise<{ leaked: number }> | null = null;

  private constructor(
    id: string,
    { policy, cgroup, live }: Pick<PreparedSandbox, 'policy' | 'cgroup' | 'live'>,
    context: BubblewrapContext,
  ) {
    this.#id = id;
    this.policy = policy;
    this.cgroup = cgroup;
    this.live = live;
    this.helpers = context.maker.helpers;
    this.#context = context;
    this.#outside = live.outside;
    this.#calm = this.#closeFilesWhenCalm();
    context.instance.ledger.started({ executionId: id, ...this.#outside });
    this.#kill = new RepeatableKill(async () => (this.#end?.leftNobody ? 0 : endSandbox(live, cgroup)));
    void live.ended.then((end) => {
      this.#end = end;
    });
  }

  /**
   * Makes one. Nothing is left where that fails.
   * @param id names its cgroups and marks its processes; no other sandbox has it
   * @throws SandboxError kind `sandbox`
   */
  static async make(id: string, policy: SandboxPolicy, context: BubblewrapContext): Promise<PreparedSandbox> {
    const { instance, cgroups, maker, logger } = context;
    const cgroup = cgroups.planGroup(policy, { helperTasks: maker.helpers });
    const markers = { [INSTANCE_MARKER]: instance.id, [EXECUTION_MARKER]: id };
    try {
      const live = await maker.make({ policy, cgroup, markers }).catch((error: unknown) => {
        throw launchFailure(error, cgroup, policy);
      });
      const prepared = new PreparedSandbox(id, { policy, cgroup, live }, context);
      prepared.#beginAccounting();
      return prepared;
    } catch (error) {
      await cgroup.remove().catch((left: unknown) => {
        logger.warn({ err: left, executionId: id }, 'the cgroups could not be removed');
      });
      throw error;
    }
  }

  /** Settles when it has ended. */
  get exited(): Promise<unknown> {
    return this.live.ended;
  }

  /** Whether it is still there: it may be gone without anybody having been told yet. */
  get isAlive(): boolean {
    const { outside, init } = this.live;
    return this.#end === null && isAlive(outside) && (init === outside || isAlive(init));
  }

  /**
   * Makes it that of a task, and fills its workspace. From here on it is on the ledger as the task's.
   * @returns what the making, the waiting and the filling have used, which is not the task's
   * @throws SandboxError kind `sandbox` where it cannot be filled
   */
  async begin(executionId: string, files: readonly TaskFile[]): Promise<CpuUsage> {
    clearTimeout(this.#calm);
    if (executionId !== this.#id) this.#handOnTo(executionId);
    if (files.length > 0) {
      await this.live.fill(files).catch((error: unknown) => {
        throw launchFailure(error, this.cgroup, this.policy);
      });
      this.#beginAccounting();
    }
    return this.#usedBefore;
  }

  /** Kills all that is in it. Resolves with the number of processes that would not die; tried anew where there were some. */
  terminate(): Promise<number> {
    return this.#kill.run();
  }

  /** Kills all that is in it and removes it. Idempotent. Resolves with the number of processes that would not die. */
  close(): Promise<{ leaked: number }> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** What was used until now is not the task's. While a sandbox waits it uses nothing. */
  #beginAccounting(): void {
    this.cgroup.resetMemoryPeak();
    this.#usedBefore = this.cgroup.cpu();
  }

  /** While it waits for long it holds few descriptors: the files of its cgroups are opened anew by who asks for them. */
  #closeFilesWhenCalm(): NodeJS.Timeout {
    return setTimeout(() => this.cgroup.closeFiles(), CALM_MS).unref();
  }

  /** Its cgroups keep the name that they were made with. */
  #handOnTo(executionId: string): void {
    this.#context.instance.ledger.handedOn(this.#id, { executionId, ...this.#outside });
    this.#id = executionId;
  }

  async #close(): Promise<{ leaked: number }> {
    clearTimeout(this.#calm);
    const { instance, logger } = this.#context;
    const leaked = await terminateOrCount(this, { executionId: this.#id, logger });
    this.live.release(leaked > 0);
    await this.#attempt('the cgroups could not be removed', () =>
      leaked === 0 ? this.cgroup.giveBack() : this.cgroup.remove(),
    );
    if (leaked === 0) instance.ledger.ended(this.#id);
    return { leaked };
  }

  /** What cannot be removed now is left to the end of the sidecar, and then to the sweep of the next one. */
  async #attempt(failed: string, remove: () => Promise<unknown>): Promise<void> {
    try {
      await remove();
    } catch (error) {
      this.#context.logger.warn({ err: error, executionId: this.#id }, failed);
    }
  }
}
