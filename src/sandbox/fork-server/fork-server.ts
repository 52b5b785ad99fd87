import { getSystemErrorName } from 'node:util';
import type { Logger } from '../../tracking/index.js';
import type { CommandExit } from '../command-exit.js';
import { SandboxError } from '../errors.js';
import type { ProcessIdentity } from '../process-entry.js';
import { spawnHelper } from '../spawn-helper.js';
import { ForkedSandbox } from './forked-sandbox.js';
import { encodeJoin, encodeMakeFifos, encodeRun, encodeSandbox, type RunOrder, type SandboxOrder } from './orders.js';
import { forkServerArguments } from './program.js';
import { parseReport, type Report } from './reports.js';
import { exitOf, setupFailure } from './what-is-told.js';

/** A process that the fork server has started. */
export interface ForkedProcess {
  readonly identity: ProcessIdentity;
  /** Settles when it has ended. Never rejects. */
  readonly exited: Promise<CommandExit>;
}

interface Awaited {
  readonly settle: (report: Report) => void;
  readonly lost: () => void;
}

/**
 * A small process that starts commands for the sidecar: it costs the sidecar's thread a write and a read, where a
 * spawn of its own costs it the time that fork takes to copy its page tables. What it starts dies with it.
 */
export class ForkServer implements AsyncDisposable {
  readonly #child;
  readonly #awaited = new Map<number, Awaited>();
  readonly #ready: Promise<boolean>;
  readonly #ended: Promise<unknown>;
  #lastId = 0;
  #lost = false;
  #closing = false;
  #rest = '';

  /**
   * @param perl perl(1), as an absolute path, on a machine where `isForkServerKnown`
   * @param environment by which the process is known to whoever sweeps; commands do not see it
   */
  constructor(perl: string, environment: Readonly<Record<string, string>>, logger: Logger) {
    const { child, ended } = spawnHelper(perl, forkServerArguments(), {
      environment: { ...environment, ...BOUND_AT_ONCE },
      output: 'pipe',
    });
    this.#child = child;
    let said = '';
    child?.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(0, MAX_SAID_CHARACTERS);
    });
    child?.stdout?.setEncoding('latin1').on('data', (text: string) => this.#read(text));
    this.#ready = new Promise((resolve) => {
      this.#awaited.set(0, { settle: () => resolve(true), lost: () => resolve(false) });
    });
    this.#ended = ended.then(({ exitCode, signal, error }) => {
      this.#lose();
      if (this.#closing) return;
      logger.warn(
        { exitCode, signal, stderr: said, ...(error !== undefined && { err: error }) },
        'the fork server of commands has ended',
      );
    });
  }

  /** Undefined where it could not be started. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Resolves with whether it works on this machine. Never rejects. */
  get ready(): Promise<boolean> {
    return this.#ready;
  }

  /** Whether it is no more. */
  get lost(): boolean {
    return this.#lost;
  }

  /**
   * Starts a process, the leader of a session of its own, and resolves when all is set up and it executes its program.
   * That the program cannot be executed shows in its exit code, as a shell would have it: 126 or 127.
   * @throws SandboxError kind `sandbox`, code `cgroup_failed` with the `path`, or `spawn_failed`
   */
  run(order: RunOrder): Promise<ForkedProcess> {
    const id = ++this.#lastId;
    const message = encodeRun(id, order);
    return new Promise((resolve, reject) => {
      let ended: (exit: CommandExit) => void = () => reject(unexplained());
      const settle = (report: Report) => {
        if (report.kind === 'started') {
          const exited = new Promise<CommandExit>((settleExit) => {
            ended = settleExit;
          });
          resolve({ identity: report.identity, exited });
          return;
        }
        if (report.kind !== 'failed') this.#awaited.delete(id);
        if (report.kind === 'failed' || report.kind === 'refused')
          reject(setupFailure(report, order, 'spawn_failed', `the process could not be spawned: ${order.file}`));
        if (report.kind === 'ended') ended(exitOf(report.status, report.orphans));
      };
      this.#expect(id, { settle, lost: () => ended(exitOf(SIGKILLED, null)) });
      this.#child?.stdin?.write(message);
    });
  }

  /**
   * Makes a sandbox. What stands in its way is told by what it returns.
   * @param tell writes to its entrance
   */
  makeSandbox(order: SandboxOrder, tell: (message: Uint8Array) => void): ForkedSandbox {
    const id = ++this.#lastId;
    const sandbox = new ForkedSandbox(order, tell);
    this.#expect(id, {
      settle: (report) => {
        sandbox.settle(report);
        if (report.kind === 'ended' || report.kind === 'refused') this.#awaited.delete(id);
      },
      lost: () => sandbox.settle({ kind: 'ended', id, status: SIGKILLED, orphans: null }),
    });
    this.#child?.stdin?.write(encodeSandbox(id, order));
    return sandbox;
  }

  /**
   * Makes FIFOs with these names in a directory.
   * @throws SandboxError kind `sandbox`, code `pipes_unavailable`
   */
  makeFifos(directory: string, names: readonly string[]): Promise<void> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const settle = (report: Report) => {
        this.#awaited.delete(id);
        if (report.kind === 'made') resolve();
        else reject(noPipes(directory, report.kind === 'failed' ? getSystemErrorName(-report.errno) : report.kind));
      };
      this.#expect(id, { settle, lost: () => reject(noPipes(directory, 'the fork server has ended')) });
      this.#child?.stdin?.write(encodeMakeFifos(id, directory, names));
    });
  }

  /** Has it join the cgroups with these files, where it can, and what it starts from now on with it. */
  join(files: readonly string[]): void {
    for (const file of files) this.#child?.stdin?.write(encodeJoin(file));
  }

  /** Ends it, and what it has started. Idempotent. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#child?.stdin?.end();
    await this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #expect(id: number, awaited: Awaited): void {
    if (this.#lost) awaited.lost();
    else this.#awaited.set(id, awaited);
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const report = parseReport(line);
      this.#awaited.get(report.id)?.settle(report);
    }
  }

  #lose(): void {
    this.#lost = true;
    for (const { lost } of this.#awaited.values()) lost();
    this.#awaited.clear();
  }
}

/** Has the linker look up all functions when Perl starts: else each process that is forked would look up its own. */
const BOUND_AT_ONCE = { LD_BIND_NOW: '1' };

/** What is kept of what it says on stderr, for the log. */
const MAX_SAID_CHARACTERS = 1_000;

/** How wait(2) gives the end of what was killed. */
const SIGKILLED = 9;

function unexplained(): SandboxError {
  return new SandboxError('sandbox', 'spawn_failed', 'the process could not be spawned: it ended while it was set up');
}

function noPipes(directory: string, reason: string): SandboxError {
  return new SandboxError('sandbox', 'pipes_unavailable', `no pipes could be made in ${directory}: ${reason}`);
}
