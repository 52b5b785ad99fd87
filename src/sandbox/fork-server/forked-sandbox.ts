import type { CommandExit } from '../command-exit.js';
import { SandboxError } from '../errors.js';
import type { ProcessIdentity } from '../process-entry.js';
import { encodeCommand, type SandboxCommand, type SandboxOrder } from './orders.js';
import type { Report } from './reports.js';
import { exitOf, setupFailure } from './what-is-told.js';

/** What a sandbox comes to, one step after the other. */
type Step = 'started' | 'filled' | 'executing';

interface Waiter {
  readonly resolve: (report: Report) => void;
  readonly reject: (error: SandboxError) => void;
}

/** A sandbox that the fork server makes, and what it tells of it. */
export class ForkedSandbox {
  /**
   * Settles when its first process has ended, with which the kernel kills all others: nobody is left then, unless it was
   * the fork server that ended. Tells how the command has ended: as killed where the first process was, which tells it.
   * Never rejects.
   */
  readonly ended: Promise<CommandExit>;
  readonly #order: SandboxOrder;
  readonly #tell: (message: Uint8Array) => void;
  readonly #told = new Map<Step, Report>();
  readonly #waiting = new Map<Step, Waiter>();
  #failure: SandboxError | null = null;
  #isOver = false;
  #settleEnd: (exit: CommandExit) => void = () => {};

  constructor(order: SandboxOrder, tell: (message: Uint8Array) => void) {
    this.#order = order;
    this.#tell = tell;
    this.ended = new Promise((resolve) => {
      this.#settleEnd = resolve;
    });
  }

  /**
   * Resolves with its first process when all is set up in it.
   * @throws SandboxError kind `sandbox`, code `cgroup_failed` with the `path`, or `sandbox_failed`
   */
  async prepared(): Promise<ProcessIdentity> {
    const { identity } = await this.#step('started');
    return identity;
  }

  /**
   * Resolves when its filling is in it.
   * @throws SandboxError kind `sandbox`, code `sandbox_failed`
   */
  async filled(): Promise<void> {
    await this.#step('filled');
  }

  /**
   * Runs the one command, once all is prepared. Resolves when that has its standard input, where it is to have one: else at
   * once, for a report would wake up this process right when the command is to be executed.
   * @throws SandboxError kind `sandbox`, code `sandbox_failed`
   */
  async run(command: SandboxCommand): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    this.#tell(encodeCommand(command));
    if (command.stdin === 'pipe') await this.#step('executing');
  }

  /** To be called with each report on it, in their order. */
  settle(report: Report): void {
    if (report.kind === 'failed' || report.kind === 'refused') {
      this.#fail(setupFailure(report, { ...this.#order, directories: [] }, 'sandbox_failed', CANNOT));
      if (report.kind === 'failed') return;
    }
    if (report.kind === 'ended' || report.kind === 'refused') {
      if (this.#waiting.size > 0) this.#fail(endedEarly());
      this.#isOver = true;
      this.#settleEnd(report.kind === 'ended' ? endOf(report) : NEVER_THERE);
      return;
    }
    this.#told.set(report.kind as Step, report);
    this.#waiting.get(report.kind as Step)?.resolve(report);
  }

  #fail(error: SandboxError): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#failure);
    this.#waiting.clear();
  }

  #step<Kind extends Step>(kind: Kind): Promise<Extract<Report, { kind: Kind }>> {
    const told = this.#told.get(kind);
    return new Promise((resolve, reject) => {
      const settle = (report: Report) => {
        this.#waiting.delete(kind);
        resolve(report as Extract<Report, { kind: Kind }>);
      };
      if (told !== undefined) settle(told);
      else if (this.#failure !== null || this.#isOver) reject(this.#failure ?? endedEarly());
      else this.#waiting.set(kind, { resolve: settle, reject });
    });
  }
}

/** Orphans are those of other commands. */
function endOf({ status, orphans }: Extract<Report, { kind: 'ended' }>): CommandExit {
  return exitOf(status, orphans === null ? null : 0);
}

const NEVER_THERE: CommandExit = { exitCode: null, signal: null, leftNobody: true };

function endedEarly(): SandboxError {
  return new SandboxError('sandbox', 'sandbox_failed', `${CANNOT}: it ended while it was set up`);
}

const CANNOT = 'the sandbox could not be made';
