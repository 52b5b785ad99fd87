import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SignalName } from '../../../protocol/index.js';
import type { ExitStatus, SandboxProcess } from '../backend.js';
import type { TaskCgroup } from '../cgroup/index.js';
import { sendSignal } from '../kill-tree.js';
import { isDead, type ProcessIdentity } from '../process-entry.js';
import { childrenOf, readProcess } from '../process-reader.js';
import { processTable, SHARED_SCAN_MS } from '../process-table.js';
import { RepeatableKill } from '../repeatable-kill.js';
import { signalName } from '../signal-name.js';
import type { TaskAccounting } from '../task-accounting.js';
import { within } from '../within.js';
import type { LiveSandbox } from './launch.js';
import { parseStatus } from './launcher.js';

export interface BubblewrapProcessOptions {
  readonly sandbox: LiveSandbox;
  readonly cgroup: TaskCgroup;
  readonly accounting: TaskAccounting;
  readonly stdin: 'none' | 'pipe';
}

/** bubblewrap outside, its first process inside, and the launcher: one thread each. */
export const HELPERS = 3;

/** How long the launcher's last word is waited for once bubblewrap has ended: it is in the pipe already, or never. */
const STATUS_MS = 1_000;
const KILL_DEADLINE_MS = 5_000;
const LONGEST_PAUSE_MS = 50;

/** A command in its sandbox, and all that descends from it. Its pid is that of bubblewrap, outside. */
export class BubblewrapProcess implements SandboxProcess {
  readonly pid: number;
  readonly accounting: TaskAccounting;
  readonly stdin: Writable | null;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly exited: Promise<ExitStatus>;
  readonly helpers = HELPERS;
  readonly #sandbox: LiveSandbox;
  readonly #cgroup: TaskCgroup;
  readonly #start: Promise<void>;
  readonly #kill = new RepeatableKill(() => this.#killAll());
  #ended = false;

  constructor({ sandbox, cgroup, accounting, stdin }: BubblewrapProcessOptions) {
    const { spawned } = sandbox;
    this.pid = spawned.pid;
    this.accounting = accounting;
    this.stdin = stdin === 'pipe' ? sandbox.stdin.stream : null;
    if (stdin === 'none') sandbox.stdin.release();
    this.stdout = spawned.stdout;
    this.stderr = spawned.stderr;
    this.#sandbox = sandbox;
    this.#cgroup = cgroup;
    this.#start = this.#awaitStart();
    this.exited = this.#exit();
  }

  async members(): Promise<readonly number[]> {
    const pids = await this.#cgroup.pids();
    if (pids.length > 0) return pids;
    return descendants(this.pid, await processTable.scan(SHARED_SCAN_MS));
  }

  /** To the command's own process group; bubblewrap and the launcher are not of it. */
  signal(signal: SignalName): boolean {
    if (this.#ended) return false;
    const { pid } = this.#sandbox.init;
    for (const launcher of childrenOf(pid)) {
      for (const command of childrenOf(launcher)) {
        if (sendSignal(-command, signal) || sendSignal(command, signal)) return true;
      }
    }
    return false;
  }

  async killTree(): Promise<void> {
    await this.terminate();
  }

  /** As `killTree`; resolves with the number of processes that would not die. Tried anew where there were some. */
  terminate(): Promise<number> {
    return this.#kill.run();
  }

  /** Lets go of the streams, whoever still holds their other ends. */
  release(): void {
    this.#sandbox.release();
  }

  async #awaitStart(): Promise<void> {
    await this.#sandbox.status.next();
    this.#sandbox.stdin.opened();
  }

  async #exit(): Promise<ExitStatus> {
    const outside = await this.#sandbox.spawned.exited;
    this.#ended = true;
    const last = this.#start.then(() => this.#sandbox.status.next());
    const told = await within(last, STATUS_MS, () => null);
    const status = parseStatus(told ?? '');
    return status !== null && isConsistent(status, outside) ? status : inferred(outside);
  }

  /** The kernel kills all of a pid namespace with its first process, and that one cannot be waited for before them. */
  async #killAll(): Promise<number> {
    const { init, spawned } = this.#sandbox;
    if (isAlive(init)) sendSignal(init.pid, 'SIGKILL');
    const deadline = performance.now() + KILL_DEADLINE_MS;
    const outside = spawned.exited.then(() => true);
    const ended = await within(outside, KILL_DEADLINE_MS, () => false);
    if (!ended) sendSignal(this.pid, 'SIGKILL');
    for (let pauseMs = 1; isAlive(init) && performance.now() < deadline; pauseMs *= 2) {
      await sleep(Math.min(pauseMs, LONGEST_PAUSE_MS));
    }
    const left = await this.#cgroup.kill();
    return Math.max(left.length, isAlive(init) ? 1 : 0);
  }
}

/** What is told only decides what bubblewrap leaves open: whoever forges it cannot turn one exit code into another. */
function isConsistent({ exitCode, signal }: ExitStatus, outside: ExitStatus): boolean {
  return signal === null ? outside.exitCode === exitCode : inferred(outside).signal === signal;
}

/** bubblewrap gives the death by a signal as 128 + its number, which a command might exit with as well. */
function inferred({ exitCode, signal }: ExitStatus): ExitStatus {
  if (exitCode === null || exitCode <= 128) return { exitCode, signal };
  return { exitCode: null, signal: signalName(exitCode - 128) };
}

function isAlive({ pid, startTime }: ProcessIdentity): boolean {
  const entry = readProcess(pid);
  return entry !== null && entry.startTime === startTime && !isDead(entry);
}

function descendants(root: number, snapshot: { childrenOf(pid: number): readonly ProcessIdentity[] }): number[] {
  const found = [root];
  for (const pid of found) found.push(...snapshot.childrenOf(pid).map((child) => child.pid));
  return found;
}
