import { closeSync, constants, openSync } from 'node:fs';
import { SandboxError } from '../errors.js';
import type { PassedDescriptor } from '../fork-server/index.js';
import { sendSignal } from '../kill-tree.js';
import { LineReader } from '../line-reader.js';
import { openInputPipe, openName, openOutputPipe } from '../pipe.js';
import { PipeSet } from '../pipe-set.js';
import { identify } from '../process-reader.js';
import type { SpawnedCommand } from '../spawn-command.js';
import { bwrapArguments, DESCRIPTORS } from './bwrap-arguments.js';
import { bwrapFailure } from './bwrap-failure.js';
import type { MakingContext } from './context.js';
import { changedUser, type TaskUser } from './identity.js';
import { launcher, READY } from './launcher.js';
import { WORKSPACE } from './layout.js';
import type { LiveSandbox, SandboxMaker, SandboxRequest } from './live-sandbox.js';
import { SpawnedSandbox } from './spawned-sandbox.js';

/** Has bubblewrap make each sandbox: for where there is no fork server that could copy one. */
export class SpawningMaker implements SandboxMaker {
  /** bubblewrap outside, its first process inside, and the launcher. */
  readonly helpers = 3;
  readonly #context: MakingContext;

  constructor(context: MakingContext) {
    this.#context = context;
  }

  async make(request: SandboxRequest): Promise<LiveSandbox> {
    const { starting, user } = this.#context;
    const owner = changedUser(user);
    const [statusFifo, scriptFifo, jsonFifo, filesFifo, stdinFifo] = await starting.fifos!.take(5);
    const pipes = new PipeSet(owner);
    pipes.hold(stdinFifo!);
    let spawned: SpawnedCommand | null = null;
    const release = () => {
      spawned?.release(true);
      pipes.release();
    };
    try {
      // In the order of DESCRIPTORS.
      const status = new LineReader(pipes.open(openOutputPipe, statusFifo!).stream);
      const script = pipes.open(openInputPipe, scriptFifo!).stream;
      const json = new LineReader(pipes.open(openOutputPipe, jsonFifo!).stream);
      const filling = pipes.open(openInputPipe, filesFifo!);
      spawned = await this.#spawn(request, owner, pipes.childEnds, stdinFifo!).finally(() => pipes.closeChildEnds());
      if ((await status.next()) !== READY) throw await bwrapFailure(spawned, 'made');
      const init = identify(childPid(await json.next()));
      const workspaceFd = openSync(`/proc/${init.pid}/root${WORKSPACE}`, 'r');
      if (!request.policy.hasFiles) filling.release();
      const streams = { status, script, filling, stdinFifo: stdinFifo!, pipes };
      return new SpawnedSandbox(spawned, { init, workspaceFd }, streams);
    } catch (error) {
      if (spawned !== null) sendSignal(spawned.identity.pid, 'SIGKILL');
      release();
      throw error;
    }
  }

  close(): void {}

  /** The cgroups are joined while it is still the sidecar's user, who alone may. */
  async #spawn(
    { policy, cgroup, markers }: SandboxRequest,
    owner: TaskUser | null,
    childEnds: readonly PassedDescriptor[],
    stdinFifo: string,
  ): Promise<SpawnedCommand> {
    const { tools, user, provided, seccompFile, starting, layout, network } = this.#context;
    const files: PassedDescriptor[] = [];
    const places = { provided: [...provided.keys()], providedFrom: DESCRIPTORS.provided };
    const sandbox = { ...policy, ...user, ...places, layout, network, seccomp: seccompFile !== null };
    try {
      files.push(openName(stdinFifo));
      for (const path of [seccompFile ?? '/dev/null', ...provided.values()]) {
        files.push({ fd: openSync(path, 'r'), flags: constants.O_RDONLY });
      }
      return await starting.starter!.start({
        file: tools.bwrap,
        argv: [
          tools.bwrap,
          ...bwrapArguments(sandbox),
          ...['--json-status-fd', `${DESCRIPTORS.json}`, '--'],
          ...launcher({ ...tools, tar: policy.hasFiles ? tools.tar : null }),
        ],
        directories: [],
        cwd: '/',
        environment: { ...markers, PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
        stdin: 'none',
        descriptors: [...childEnds, ...files],
        cgroup,
        rlimits: null,
        user: owner,
      });
    } finally {
      for (const { fd } of files) closeSync(fd);
    }
  }
}

function childPid(line: string | null): number {
  const status: unknown = JSON.parse(line ?? '{}');
  const pid = typeof status === 'object' && status !== null && 'child-pid' in status ? status['child-pid'] : null;
  if (typeof pid === 'number') return pid;
  throw new SandboxError('sandbox', 'sandbox_failed', `bubblewrap does not tell its child: ${line}`);
}
