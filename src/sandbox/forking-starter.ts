import { checkArgumentSize } from './argument-size.js';
import type { CommandStarter, StartRequest } from './command-starter.js';
import type { FifoPool } from './fifo-pool.js';
import type { ForkServerSupply } from './fork-server/index.js';
import type { SpawnedCommand } from './spawn-command.js';
import { openTaskStdio } from './task-stdio.js';

/** Has commands started by the fork server. */
export class ForkingStarter implements CommandStarter {
  readonly #forkServers: ForkServerSupply;
  readonly #fifos: FifoPool;

  constructor(forkServers: ForkServerSupply, fifos: FifoPool) {
    this.#forkServers = forkServers;
    this.#fifos = fifos;
  }

  async start({ stdin, user, descriptors, cgroup, ...request }: StartRequest): Promise<SpawnedCommand> {
    await checkArgumentSize(request.argv, request.environment);
    const stdio = await openTaskStdio(this.#fifos, stdin, user);
    try {
      const forked = await this.#forkServers.current.run({
        ...request,
        groups: cgroup?.setup ?? null,
        user,
        descriptors: [...stdio.child, ...descriptors],
      });
      stdio.closeChildEnds();
      return { ...forked, stdin: stdio.stdin, stdout: stdio.stdout, stderr: stdio.stderr, release: stdio.release };
    } catch (error) {
      stdio.release(true);
      throw error;
    }
  }
}
