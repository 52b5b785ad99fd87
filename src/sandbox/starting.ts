import type { CommandStarter } from './command-starter.js';
import { FifoPool } from './fifo-pool.js';
import type { ForkServerSupply } from './fork-server/index.js';
import { ForkingStarter } from './forking-starter.js';
import type { SandboxTools } from './tools.js';

/** How commands are started on this machine. */
export interface Starting {
  /** Null where there is not even a shell. */
  readonly starter: CommandStarter | null;
  /** Null where nobody can make one. */
  readonly fifos: FifoPool | null;
  /** Null where commands are started by this process. */
  readonly forkServers: ForkServerSupply | null;
  /** Whether a process can be started as another user, by root. */
  readonly changesUser: boolean;
  /** Ends what was started to start others. To be called when no command is left. */
  close(): Promise<void>;
}

export interface StartingOptions {
  readonly tools: SandboxTools;
  /** Null where there can be none. */
  readonly forkServers: ForkServerSupply | null;
  /** Private; for the pipes of commands. */
  readonly directory: string;
  /** So many pipes are made ahead. */
  readonly reserve: number;
}

/** Has commands started by the fork server where it works, and by this process elsewhere. Never rejects. */
export async function openStarting(options: StartingOptions): Promise<Starting> {
  return (await openForking(options)) ?? openDirect(options);
}

async function openForking({ forkServers: supply, directory, reserve }: StartingOptions): Promise<Starting | null> {
  if (supply === null) return null;
  const fifos = new FifoPool((...order) => supply.current.makeFifos(...order), directory, reserve);
  // Ordered before it can work, and waited for: what is started first is then started at once.
  const prepared = fifos.prepare();
  if (!(await supply.works())) {
    await supply.close();
    return null;
  }
  await prepared;
  const close = async () => {
    await fifos.close();
    await supply.close();
  };
  return { starter: new ForkingStarter(supply, fifos), fifos, forkServers: supply, changesUser: true, close };
}

async function openDirect(options: StartingOptions): Promise<Starting> {
  const { openDirectStarting } = await import('./direct-starting.js');
  return openDirectStarting(options);
}
