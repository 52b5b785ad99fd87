import { checkArgumentSize } from './argument-size.js';
import type { CommandStarter, StartRequest } from './command-starter.js';
import type { FifoPool } from './fifo-pool.js';
import type { LauncherSupply } from './launcher/index.js';
import type { SpawnedCommand } from './spawn-command.js';
import { openTaskStdio } from './task-stdio.js';

/** Has commands started by the launcher. */
export class LaunchedStarter implements CommandStarter {
  readonly #launchers: LauncherSupply;
  readonly #fifos: FifoPool;

  constructor(launchers: LauncherSupply, fifos: FifoPool) {
    this.#launchers = launchers;
    this.#fifos = fifos;
  }

  async start({ stdin, user, descriptors, ...request }: StartRequest): Promise<SpawnedCommand> {
    await checkArgumentSize(request.argv, request.environment);
    const stdio = await openTaskStdio(this.#fifos, stdin, user);
    try {
      const launched = await this.#launchers.current.run({
        ...request,
        user,
        descriptors: [...stdio.child, ...descriptors],
      });
      for (const stream of [stdio.stdin, stdio.stdout, stdio.stderr]) stream?.on('error', () => undefined);
      stdio.closeChildEnds();
      return { ...launched, stdin: stdio.stdin, stdout: stdio.stdout, stderr: stdio.stderr, release: stdio.release };
    } catch (error) {
      stdio.release(true);
      throw error;
    }
  }
}
