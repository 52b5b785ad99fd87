import type { Logger } from '../tracking/index.js';
import { ForkServerSupply, isForkServerKnown } from './fork-server/index.js';
import { newUuid } from './new-uuid.js';
import { INSTANCE_MARKER } from './process-markers.js';
import { findTools, type SandboxTools } from './tools.js';

/**
 * What a `SandboxManager` needs however it is to be, and what takes its time: so it can be started before that is known.
 * Who gives it to a manager need not close it, but may.
 */
export class HeadStart implements AsyncDisposable {
  /** The id of the instance that the manager will have. */
  readonly instanceId = newUuid();
  readonly tools: SandboxTools;
  /** Null where there can be none. Whether they work on this machine is not known yet. */
  readonly forkServers: ForkServerSupply | null;

  /** @param tools the programs of the system; looked for where they are left out */
  constructor(logger: Logger, tools = findTools()) {
    const { perl } = tools;
    this.tools = tools;
    this.forkServers =
      perl !== null && isForkServerKnown
        ? new ForkServerSupply(perl, { [INSTANCE_MARKER]: this.instanceId }, logger)
        : null;
  }

  /** The processes that have been started. */
  get pids(): readonly number[] {
    const pid = this.forkServers?.pid;
    return pid === undefined ? [] : [pid];
  }

  /** Ends what was started. Idempotent. */
  async close(): Promise<void> {
    await this.forkServers?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
