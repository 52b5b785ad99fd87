import type { Readable, Writable } from 'node:stream';
import type { SignalName } from '../../protocol/index.js';
import type { ExitStatus, SandboxProcess } from './backend.js';
import type { TaskCgroup } from './cgroup/index.js';
import { killTree, sendSignal } from './kill-tree.js';
import { processTable, SHARED_SCAN_MS } from './process-table.js';
import type { ProcessTree } from './process-tree.js';
import { RepeatableKill } from './repeatable-kill.js';
import type { SpawnedCommand } from './spawn-command.js';
import { TaskAccounting } from './task-accounting.js';

/** How long the tree is tried after its cgroup has been in vain, in ms. */
const SECOND_TRY_MS = 500;

/** A command that runs directly on the system, the leader of its own process group, and all that descends from it. */
export class GroupedProcess implements SandboxProcess {
  readonly pid: number;
  readonly accounting: TaskAccounting | null;
  readonly stdin: Writable | null;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly exited: Promise<ExitStatus>;
  readonly helpers = 0;
  readonly #spawned: SpawnedCommand;
  readonly #tree: ProcessTree;
  readonly #startedAt = performance.now();
  readonly #cgroup: TaskCgroup | null;
  readonly #kill = new RepeatableKill(() => this.#killAll());
  #hasLeftNobody = false;

  /** @param cgroup the cgroup that it runs in; null where there is none */
  constructor(spawned: SpawnedCommand, tree: ProcessTree, cgroup: TaskCgroup | null) {
    this.pid = spawned.identity.pid;
    this.stdin = spawned.stdin;
    this.stdout = spawned.stdout;
    this.stderr = spawned.stderr;
    this.exited = spawned.exited.then(({ exitCode, signal, leftNobody }) => {
      this.#hasLeftNobody = leftNobody;
      return { exitCode, signal };
    });
    this.#spawned = spawned;
    this.#tree = tree;
    this.#cgroup = cgroup;
    this.accounting = cgroup === null ? null : new TaskAccounting(cgroup);
  }

  /** Whether the command has ended and is known to have left no process at all. */
  get hasLeftNobody(): boolean {
    return this.#hasLeftNobody;
  }

  /** As of at most 50 ms ago, since all tasks share a scan; never as of before the command was there. */
  async members(): Promise<readonly number[]> {
    const ageMs = performance.now() - this.#startedAt;
    const alive = await this.#tree.alive(await processTable.scan(Math.min(ageMs, SHARED_SCAN_MS)));
    return alive.map(({ pid }) => pid);
  }

  /** Once the tree is known to be gone, its group id may be somebody else's. */
  signal(signal: SignalName): boolean {
    return !this.#kill.succeeded && sendSignal(-this.pid, signal);
  }

  async killTree(): Promise<void> {
    await this.terminate();
  }

  /** As `killTree`; resolves with the number of processes that would not die. Tried anew where there were some. */
  terminate(): Promise<number> {
    return this.#kill.run();
  }

  /** Lets go of the streams, whoever still holds their other ends. */
  release(isLeft = true): void {
    this.#spawned.release(isLeft);
  }

  /**
   * The cgroup has all of them, wherever they have gone, and takes them at once; the tree is what was seen of them. A
   * command that has left nobody needs neither.
   */
  async #killAll(): Promise<number> {
    if (this.#hasLeftNobody) return 0;
    const left = (await this.#cgroup?.kill()) ?? [];
    const deadline = left.length > 0 ? { deadlineMs: SECOND_TRY_MS } : {};
    return Math.max(left.length, await killTree(this.#tree, deadline));
  }
}
