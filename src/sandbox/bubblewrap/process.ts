import type { Readable, Writable } from 'node:stream';
import type { SignalName } from '../../../protocol/index.js';
import type { ExitStatus, SandboxProcess } from '../backend.js';
import { sendSignal } from '../kill-tree.js';
import type { ProcessIdentity } from '../process-entry.js';
import { processTable, SHARED_SCAN_MS } from '../process-table.js';
import type { TaskAccounting } from '../task-accounting.js';
import type { RunningCommand } from './live-sandbox.js';
import type { PreparedSandbox } from './prepared-sandbox.js';

/** A command in its sandbox, and all that descends from it. Its pid is that of the process outside. */
export class BubblewrapProcess implements SandboxProcess {
  readonly pid: number;
  readonly accounting: TaskAccounting;
  readonly stdin: Writable | null;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly exited: Promise<ExitStatus>;
  readonly helpers: number;
  readonly #sandbox: PreparedSandbox;
  #ended = false;

  constructor(sandbox: PreparedSandbox, accounting: TaskAccounting, { stdin, exited }: RunningCommand) {
    const { outside, stdout, stderr } = sandbox.live;
    this.#sandbox = sandbox;
    this.pid = outside.pid;
    this.helpers = sandbox.helpers;
    this.accounting = accounting;
    this.stdin = stdin;
    this.stdout = stdout;
    this.stderr = stderr;
    this.exited = exited.then(({ exitCode, signal }) => {
      this.#ended = true;
      return { exitCode, signal };
    });
  }

  async members(): Promise<readonly number[]> {
    const pids = await this.#sandbox.cgroup.pids();
    if (pids.length > 0) return pids;
    return descendants(this.pid, await processTable.scan(SHARED_SCAN_MS));
  }

  /** To the command's own process group, of which the sandbox's helpers are not. */
  signal(signal: SignalName): boolean {
    if (this.#ended) return false;
    return this.#sandbox.live.commandPids().some((pid) => sendSignal(-pid, signal) || sendSignal(pid, signal));
  }

  async killTree(): Promise<void> {
    await this.terminate();
  }

  /** As `killTree`; resolves with the number of processes that would not die. Tried anew where there were some. */
  terminate(): Promise<number> {
    return this.#sandbox.terminate();
  }
}

function descendants(root: number, snapshot: { childrenOf(pid: number): readonly ProcessIdentity[] }): number[] {
  const found = [root];
  for (const pid of found) found.push(...snapshot.childrenOf(pid).map((child) => child.pid));
  return found;
}
