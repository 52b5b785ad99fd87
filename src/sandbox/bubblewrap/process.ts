import type { Readable, Writable } from 'node:stream';
import type { SignalName } from '../../../protocol/index.js';
import type { ExitStatus, SandboxProcess } from '../backend.js';
import { sendSignal } from '../kill-tree.js';
import type { ProcessIdentity } from '../process-entry.js';
import { childrenOf } from '../process-reader.js';
import { processTable, SHARED_SCAN_MS } from '../process-table.js';
import { signalName } from '../signal-name.js';
import type { TaskAccounting } from '../task-accounting.js';
import { within } from '../within.js';
import type { LiveSandbox } from './launch.js';
import { parseStatus } from './launcher.js';
import { HELPERS, type PreparedSandbox } from './prepared-sandbox.js';

export interface BubblewrapProcessOptions {
  readonly sandbox: PreparedSandbox;
  readonly accounting: TaskAccounting;
  readonly stdin: 'none' | 'pipe';
}

/** How long the launcher's last word is waited for once bubblewrap has ended: it is in the pipe already, or never. */
const STATUS_MS = 1_000;

/** A command in its sandbox, and all that descends from it. Its pid is that of bubblewrap, outside. */
export class BubblewrapProcess implements SandboxProcess {
  readonly pid: number;
  readonly accounting: TaskAccounting;
  readonly stdin: Writable | null;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly exited: Promise<ExitStatus>;
  readonly helpers = HELPERS;
  readonly #sandbox: PreparedSandbox;
  readonly #live: LiveSandbox;
  readonly #start: Promise<void>;
  #ended = false;

  constructor({ sandbox, accounting, stdin }: BubblewrapProcessOptions) {
    const { spawned } = sandbox.live;
    this.#sandbox = sandbox;
    this.#live = sandbox.live;
    this.pid = spawned.identity.pid;
    this.accounting = accounting;
    this.stdin = stdin === 'pipe' ? this.#live.stdin.stream : null;
    if (stdin === 'none') this.#live.stdin.release();
    this.stdout = spawned.stdout;
    this.stderr = spawned.stderr;
    this.#start = this.#awaitStart();
    this.exited = this.#exit();
  }

  async members(): Promise<readonly number[]> {
    const pids = await this.#sandbox.cgroup.pids();
    if (pids.length > 0) return pids;
    return descendants(this.pid, await processTable.scan(SHARED_SCAN_MS));
  }

  /** To the command's own process group; bubblewrap and the launcher are not of it. */
  signal(signal: SignalName): boolean {
    if (this.#ended) return false;
    const { pid } = this.#live.init;
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
    return this.#sandbox.terminate();
  }

  async #awaitStart(): Promise<void> {
    await this.#live.status.next();
    this.#live.stdin.opened();
  }

  async #exit(): Promise<ExitStatus> {
    const outside = await this.#live.spawned.exited;
    this.#ended = true;
    const last = this.#start.then(() => this.#live.status.next());
    const told = await within(last, STATUS_MS, () => null);
    const status = parseStatus(told ?? '');
    return status !== null && isConsistent(status, outside) ? status : inferred(outside);
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

function descendants(root: number, snapshot: { childrenOf(pid: number): readonly ProcessIdentity[] }): number[] {
  const found = [root];
  for (const pid of found) found.push(...snapshot.childrenOf(pid).map((child) => child.pid));
  return found;
}
