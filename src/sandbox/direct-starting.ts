import { checkSetpriv } from './check-setpriv.js';
import { DirectStarter } from './direct-starter.js';
import { FifoPool } from './fifo-pool.js';
import { byMkfifo } from './mkfifo.js';
import type { Starting, StartingOptions } from './starting.js';

/** Has commands started by this process. Never rejects. */
export async function openDirectStarting({ tools, directory, reserve }: StartingOptions): Promise<Starting> {
  const fifos = tools.mkfifo === null ? null : new FifoPool(byMkfifo(tools.mkfifo), directory, reserve);
  void fifos?.prepare();
  const setpriv = await checkSetpriv(tools.setpriv);
  const starter = tools.shell === null ? null : new DirectStarter({ shell: tools.shell, setpriv }, fifos);
  return { starter, fifos, forkServers: null, changesUser: setpriv !== null, close: async () => fifos?.close() };
}
