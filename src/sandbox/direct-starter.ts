import { checkArgumentSize } from './argument-size.js';
import type { CommandStarter, StartRequest } from './command-starter.js';
import type { FifoPool } from './fifo-pool.js';
import { type LaunchTools, launchLine } from './launch-line.js';
import { makeDirectories } from './make-directories.js';
import { divideEnvironment } from './shell-environment.js';
import { type SpawnedCommand, spawnCommand } from './spawn-command.js';
import { spawnJoined } from './spawn-joined.js';

/** Starts commands as children of this process, by way of the programs that set up what Node cannot. */
export class DirectStarter implements CommandStarter {
  readonly #tools: LaunchTools;
  readonly #fifos: FifoPool | null;

  /** @param fifos null where there is no mkfifo(1): then a command gets the sockets that Node makes */
  constructor(tools: LaunchTools, fifos: FifoPool | null) {
    this.#tools = tools;
    this.#fifos = fifos;
  }

  async start(request: StartRequest): Promise<SpawnedCommand> {
    const { cwd, stdin, descriptors, cgroup, user } = request;
    const procsFiles = cgroup?.setup.procsFiles ?? [];
    await cgroup?.make();
    await makeDirectories(request.directories);
    // A shell's exec takes no `--`: what it starts has to begin with a slash, not with a dash.
    const [name, ...args] = request.argv;
    const command = [this.#tools.setpriv === null ? request.file : name, ...args];
    const { plain, restoring } = divideEnvironment(request.environment);
    const line = launchLine(this.#tools, { ...request, procsFiles, command: [...restoring, ...command] });
    await checkArgumentSize(line, plain);
    const spawn = { line, cwd, environment: plain, stdin, fifos: this.#fifos, pipeOwner: user };
    if (descriptors.length === 0) return spawnJoined(spawn, procsFiles);
    return spawnCommand({ ...spawn, descriptors: descriptors.map(({ fd }) => fd) });
  }
}
