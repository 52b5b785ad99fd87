import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from '../tracking/index.js';
import { errorCode } from './error-code.js';
import { SandboxError } from './errors.js';
import { makeFifoDirectory, sweepFifoDirectories } from './fifo-directory.js';
import { Guardian } from './guardian.js';
import { type InstancePaths, instancePaths, instancesDirectory } from './instance-directory.js';
import { Ledger } from './ledger.js';
import { writeOwner } from './owner.js';
import { ensurePrivateDirectory } from './private-directory.js';
import { removeInstance } from './remove-instance.js';
import { sweepOtherInstances } from './sweep.js';
import type { SandboxTools } from './tools.js';

export interface InstanceOptions {
  /** A UUID; no other instance has it. */
  readonly id: string;
  readonly tools: SandboxTools;
  readonly workspaceRoot: string | undefined;
  readonly sweepCommand: readonly string[];
  readonly logger: Logger;
}

/**
 * What one running sidecar owns on this machine, and what its backends share: a private directory with an owner's
 * file, the ledger and the workspaces; and the guardian that clears it all up should the sidecar be killed.
 */
export class SandboxInstance {
  readonly id: string;
  readonly paths: InstancePaths;
  readonly ledger: Ledger;
  /** For the FIFOs of commands; private. */
  readonly fifoDirectory: string;
  readonly #startGuardian: () => Guardian | null;
  readonly #logger: Logger;
  #guardian: Guardian | null = null;

  private constructor(paths: InstancePaths, options: InstanceOptions) {
    const { id, tools, sweepCommand, logger } = options;
    this.id = id;
    this.paths = paths;
    this.#logger = logger;
    this.fifoDirectory = makeFifoDirectory(paths.directory);
    this.ledger = new Ledger(paths.ledger, logger);
    const guarded = tools.shell !== null && sweepCommand.length > 0;
    this.#startGuardian = () => (guarded ? new Guardian(tools.shell, sweepCommand, paths.directory, logger) : null);
  }

  /** Starts the guardian. To be called once. */
  guard(): void {
    this.#guardian = this.#startGuardian();
  }

  /**
   * Makes the private directory, and clears up after instances of this user whose sidecar died. Starts no process.
   * @throws SandboxError kind `sandbox` where the directory cannot be made, or is not safe
   */
  static async open(options: InstanceOptions): Promise<SandboxInstance> {
    const parent = await instancesDirectory(options.workspaceRoot);
    await ensurePrivateDirectory(parent);
    const { id } = options;
    const paths = instancePaths(join(parent, id));
    try {
      await ensurePrivateDirectory(paths.directory);
      writeOwner(paths.owner);
      for (const directory of [paths.workspaces, paths.temporary]) mkdirSync(directory, { mode: 0o700 });
      await sweepOtherInstances(parent, paths.directory, options.logger);
      await sweepFifoDirectories();
      return new SandboxInstance(paths, options);
    } catch (error) {
      await removeInstance(paths.directory);
      if (error instanceof SandboxError) throw error;
      const message = `the private directory ${paths.directory} could not be set up (${errorCode(error)})`;
      throw new SandboxError('sandbox', 'no_instance', message, { path: paths.directory }, { cause: error });
    }
  }

  /**
   * Ends the guardian and removes the directory.
   * @param keepDirectory where processes would not die: the next start finds them on the ledger and tries again
   */
  async close({ keepDirectory = false } = {}): Promise<void> {
    await this.#guardian?.close();
    this.ledger.close();
    if (!keepDirectory) await this.#removeDirectory();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #removeDirectory(): Promise<void> {
    try {
      await removeInstance(this.paths.directory);
    } catch (error) {
      const { directory } = this.paths;
      this.#logger.warn({ err: error, directory }, 'a private directory is left to the sweep of the next start');
    }
  }
}
