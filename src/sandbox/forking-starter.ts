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

  async start(request: StartRequest): Promise<SpawnedCommand> {
    const { file, argv, directories, cwd, environment, stdin, user, descriptors, cgroup, rlimits } = request;
    await checkArgumentSize(argv, environment);
    const stdio = await openTaskStdio(this.#fifos, stdin, user);
    try {
      const { identity, exited } = await this.#forkServers.current.run({
        ...{ file, argv, directories, cwd, environment, rlimits, user },
        groups: cgroup?.setup ?? null,
        descriptors: [...stdio.child, ...descriptors],
      });
      stdio.closeChildEnds();
      const { stdout, stderr, release } = stdio;
      return { identity, exited, stdin: stdio.stdin, stdout, stderr, release };
    } catch (error) {
      stdio.release(true);
      throw error;
    }
  }
}
