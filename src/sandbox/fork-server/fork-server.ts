import { getSystemErrorName } from 'node:util';
import type { Logger } from '../../tracking/index.js';
import { groupsNotMade } from '../cgroup/index.js';
import type { CommandExit } from '../command-exit.js';
import { SandboxError } from '../errors.js';
import { noDirectory } from '../no-directory.js';
import type { ProcessIdentity } from '../process-entry.js';
import { signalName } from '../signal-name.js';
import { spawnHelper } from '../spawn-helper.js';
import { encodeMakeFifos, encodeRun, parseReport, type Report, type RunOrder } from './messages.js';
import { forkServerArguments } from './program.js';

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
    const { child, ended } = spawnHelper(perl, forkServerArguments(), { environment, output: 'pipe' });
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
        // What could not be set up ends as well, except where it could not even be forked.
        if (report.kind !== 'failed' || report.at === 'fork') this.#awaited.delete(id);
        if (report.kind === 'failed') reject(failure(report, order));
        if (report.kind === 'ended') ended(exitOf(report));
      };
      this.#expect(id, { settle, lost: () => ended({ exitCode: null, signal: 'SIGKILL', leftNobody: false }) });
      this.#child?.stdin?.write(message);
    });
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

/** What is kept of what it says on stderr, for the log. */
const MAX_SAID_CHARACTERS = 1_000;

/** As wait(2) tells it. */
function exitOf({ status, orphans }: Extract<Report, { kind: 'ended' }>): CommandExit {
  const leftNobody = orphans === 0;
  const signal = status & 0x7f;
  if (signal !== 0) return { exitCode: null, signal: signalName(signal), leftNobody };
  return { exitCode: status >> 8, signal: null, leftNobody };
}

function failure({ errno, at }: Extract<Report, { kind: 'failed' }>, order: RunOrder): SandboxError {
  const { file, groups, directories } = order;
  const code = getSystemErrorName(-errno);
  if (directories.includes(at)) return noDirectory(at, code);
  if (groups !== null && [...groups.directories, ...groups.writes.map(({ path }) => path)].includes(at)) {
    return groupsNotMade(groups, at, code);
  }
  if (groups?.procsFiles.includes(at)) {
    const message = `the task cannot join its cgroup: writing ${at} failed (${code})`;
    return new SandboxError('sandbox', 'cgroup_failed', message, { path: at });
  }
  const message = `the process could not be spawned: ${file}: ${at}: ${code}`;
  return new SandboxError('sandbox', 'spawn_failed', message, { code });
}

function unexplained(): SandboxError {
  return new SandboxError('sandbox', 'spawn_failed', 'the process could not be spawned: it ended while it was set up');
}

function noPipes(directory: string, reason: string): SandboxError {
  return new SandboxError('sandbox', 'pipes_unavailable', `no pipes could be made in ${directory}: ${reason}`);
}
