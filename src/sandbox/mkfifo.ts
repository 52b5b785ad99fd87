import { execa } from 'execa';
import { checkSpawnRoom } from './descriptor-room.js';
import { SandboxError } from './errors.js';
import type { MakeFifos } from './fifo-pool.js';

/** Makes FIFOs by mkfifo(1), at the cost of a process. */
export function byMkfifo(mkfifo: string): MakeFifos {
  return async (directory, names) => {
    checkSpawnRoom();
    const { failed, shortMessage, stderr } = await execa(mkfifo, ['-m', '600', '--', ...names], {
      cwd: directory,
      env: {},
      extendEnv: false,
      stdin: 'ignore',
      stdout: 'ignore',
      reject: false,
    });
    if (!failed) return;
    const message = `no pipes could be made in ${directory}: ${stderr || shortMessage}`;
    throw new SandboxError('sandbox', 'pipes_unavailable', message);
  };
}
