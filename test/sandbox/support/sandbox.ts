import { randomUUID } from 'node:crypto';
import { text } from 'node:stream/consumers';
import type { EffectiveLimits, TaskFile } from '../../../protocol/index.js';
import {
  type CommandSpec,
  type Container,
  type ExitStatus,
  SandboxManager,
  type SandboxManagerOptions,
  type SandboxProcess,
} from '../../../src/sandbox/index.js';
import { createKeepingLogger, type KeepingLogger } from '../../support/logs.js';
import { temporaryDirectory } from './directories.js';

export const LIMITS: EffectiveLimits = {
  timeoutMs: 30_000,
  cpuTimeMs: 30_000,
  memoryBytes: 536_870_912,
  processes: 256,
  openFiles: 1_024,
  fileSizeBytes: 104_857_600,
  outputBytes: 8_388_608,
  workspaceBytes: 104_857_600,
  cpuPercent: null,
};

/** A command with what most tests leave as it is. */
export function commandSpec(command: string, args: readonly string[] = [], more: Partial<CommandSpec> = {}) {
  return { command, args, env: [], cwd: undefined, stdin: 'none', ...more } satisfies CommandSpec;
}

/** A shell script with its arguments. */
export function script(source: string, ...args: string[]): CommandSpec {
  return commandSpec('sh', ['-c', source, 'sh', ...args]);
}

export interface Finished {
  readonly exit: ExitStatus;
  readonly stdout: string;
  readonly stderr: string;
}

/** A manager with a workspace root of its own. Disposing of it closes the manager and removes the root. */
export class TestSandbox {
  readonly manager: SandboxManager;
  readonly root: string;
  readonly logger: KeepingLogger;
  readonly #dispose: () => Promise<void>;

  private constructor(manager: SandboxManager, root: string, logger: KeepingLogger, dispose: () => Promise<void>) {
    this.manager = manager;
    this.root = root;
    this.logger = logger;
    this.#dispose = dispose;
  }

  static async open(options: Partial<SandboxManagerOptions> = {}): Promise<TestSandbox> {
    const directory = await temporaryDirectory();
    const logger = createKeepingLogger();
    try {
      const defaults = { backend: 'process', workspaceRoot: directory.path, network: true, allowedCwd: [] } as const;
      const manager = await SandboxManager.create({ ...defaults, logger, ...options });
      return new TestSandbox(manager, directory.path, logger, async () => {
        await manager.close();
        await directory[Symbol.asyncDispose]();
      });
    } catch (error) {
      await directory[Symbol.asyncDispose]();
      throw error;
    }
  }

  container(limits: Partial<EffectiveLimits> = {}, files: readonly TaskFile[] = []): Promise<Container> {
    return this.manager.createContainer({ executionId: randomUUID(), limits: { ...LIMITS, ...limits }, files });
  }

  async start(spec: CommandSpec, limits: Partial<EffectiveLimits> = {}): Promise<SandboxProcess> {
    return this.manager.executeInContainer(await this.container(limits), spec);
  }

  /** Runs a command to its end and gives what it wrote. */
  async run(spec: CommandSpec, limits: Partial<EffectiveLimits> = {}): Promise<Finished> {
    return finish(await this.start(spec, limits));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#dispose();
  }
}

export async function finish(process: SandboxProcess): Promise<Finished> {
  const [exit, stdout, stderr] = await Promise.all([process.exited, text(process.stdout), text(process.stderr)]);
  return { exit, stdout, stderr };
}
