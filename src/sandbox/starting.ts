import type { Logger } from '../tracking/index.js';
import type { CommandStarter } from './command-starter.js';
import { DirectStarter } from './direct-starter.js';
import { FifoPool } from './fifo-pool.js';
import { LaunchedStarter } from './launched-starter.js';
import { isLauncherKnown, LauncherSupply } from './launcher/index.js';
import { byMkfifo } from './mkfifo.js';
import { checkSetpriv, type SandboxTools } from './tools.js';

/** How commands are started on this machine. */
export interface Starting {
  /** Null where there is not even a shell. */
  readonly starter: CommandStarter | null;
  /** Null where nobody can make one. */
  readonly fifos: FifoPool | null;
  /** Whether a process can be started as another user, by root. */
  readonly changesUser: boolean;
  /** Ends what was started to start others. To be called when no command is left. */
  close(): Promise<void>;
}

export interface StartingOptions {
  readonly tools: SandboxTools;
  /** Private; for the pipes of commands. */
  readonly directory: string;
  /** So many pipes are made ahead. */
  readonly reserve: number;
  readonly logger: Logger;
}

/** Has commands started by the launcher where it works, and by this process elsewhere. Never rejects. */
export async function openStarting(options: StartingOptions): Promise<Starting> {
  const launched = await openLaunched(options);
  const starting = launched ?? (await openDirect(options));
  starting.fifos?.prepare();
  return starting;
}

async function openLaunched({ tools, directory, reserve, logger }: StartingOptions): Promise<Starting | null> {
  if (tools.perl === null || !isLauncherKnown) return null;
  const supply = new LauncherSupply(tools.perl, logger);
  if (!(await supply.works())) {
    await supply.close();
    return null;
  }
  const fifos = new FifoPool((...order) => supply.current.makeFifos(...order), directory, reserve);
  const close = async () => {
    await fifos.close();
    await supply.close();
  };
  return { starter: new LaunchedStarter(supply, fifos), fifos, changesUser: true, close };
}

async function openDirect({ tools, directory, reserve }: StartingOptions): Promise<Starting> {
  const fifos = tools.mkfifo === null ? null : new FifoPool(byMkfifo(tools.mkfifo), directory, reserve);
  const setpriv = await checkSetpriv(tools.setpriv);
  const starter = tools.shell === null ? null : new DirectStarter({ shell: tools.shell, setpriv }, fifos);
  return { starter, fifos, changesUser: setpriv !== null, close: async () => fifos?.close() };
}
