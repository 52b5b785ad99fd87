import { Sidecar, type TaskInput } from '../../../clients/node/index.js';
import type { LimitWarning, TaskResult } from '../../../protocol/index.js';
import { EXECUTABLE } from '../../end-to-end/support/executable.js';
import { type Bait, CANARY, Host } from './host.js';
import type { Program } from './program.js';
import { type Remains, RemainsCounter } from './remains.js';

export type Backend = 'bubblewrap' | 'process';

/** How a run has ended, and what is left of it. */
export interface RunEnd {
  readonly exitCode: number | null;
  readonly leaked: number | undefined;
  readonly remains: Remains;
}

interface Parts {
  readonly host: Host;
  readonly sidecar: Sidecar;
  readonly bait: Bait;
  readonly remains: RemainsCounter;
  readonly before: Remains;
}

/** So many programs are let loose at once. */
const AT_ONCE = 3;

const isRoot = process.getuid?.() === 0;
/** A user of nobody else on this machine. */
const TASK_UID = 61_000 + (process.pid % 4_000);

/** One sidecar on a host that is full of bait, for all the programs under one backend. */
export class HostileRun implements AsyncDisposable {
  readonly host: Host;
  readonly sidecar: Sidecar;
  readonly remains: RemainsCounter;
  /** What there was before the sidecar was started. */
  readonly before: Remains;
  readonly #bait: Bait;
  #programs = 0;

  private constructor({ host, sidecar, bait, remains, before }: Parts) {
    this.host = host;
    this.sidecar = sidecar;
    this.#bait = bait;
    this.remains = remains;
    this.before = before;
  }

  static async start(sandbox: Backend): Promise<HostileRun> {
    const host = await Host.open();
    try {
      const remains = new RemainsCounter(host.workspaceRoot, [host.tag], isRoot ? TASK_UID : null);
      const before = await remains.all();
      const bait = await host.setOut(settingsOf(sandbox, host));
      const sidecar = await Sidecar.spawn({
        executable: host.inheriting([process.execPath, EXECUTABLE]),
        args: ['--config', bait.configFile],
        env: { ...process.env, EXEC_SIDECAR_SANDBOX: sandbox, HOSTILE_CANARY: CANARY },
      });
      await remains.learnInstances();
      return new HostileRun({ host, sidecar, bait: { ...bait, sidecarPid: sidecar.pid }, remains, before });
    } catch (error) {
      await host[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The bait for one program, with a tag of its own. */
  bait(): Bait {
    this.#programs += 1;
    return { ...this.#bait, tag: `${this.host.tag}-${this.#programs}.` };
  }

  /** Runs a program to its result, and notes the warnings about it. */
  async execute(task: TaskInput, drive: Program['drive'], warnings: LimitWarning[]): Promise<TaskResult> {
    const input = { ...task, env: task.env ?? { PATH } };
    if (drive !== undefined) return drive(this.sidecar, input, (warning) => warnings.push(warning));
    const handle = this.sidecar.submit(input);
    handle.onLimitWarning((warning) => warnings.push(warning));
    return handle.result;
  }

  /** Ends the sidecar. */
  async end(): Promise<RunEnd> {
    const { exitCode, bye } = await this.sidecar.close();
    return { exitCode, leaked: bye?.leaked, remains: await this.remains.all() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sidecar[Symbol.asyncDispose]();
    await this.host[Symbol.asyncDispose]();
  }
}

/** Without shims that a user's own directories may have in front of the programs of the system. */
const PATH = '/usr/local/bin:/usr/bin:/bin';

function settingsOf(sandbox: Backend, host: Host): object {
  return {
    sandbox,
    workspaceRoot: host.workspaceRoot,
    maxConcurrentTasks: AT_ONCE,
    defaultTimeoutMs: 12_000,
    defaultMemoryLimitBytes: 134_217_728,
    limitCeilings: { timeoutMs: 600_000 },
    readOnlyPaths: [host.setuidDirectory],
    ...(isRoot && { sandboxUid: TASK_UID }),
    logLevel: 'error',
  };
}
