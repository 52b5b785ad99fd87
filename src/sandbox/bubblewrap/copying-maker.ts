import { openSync } from 'node:fs';
import type { SandboxOrder } from '../fork-server/index.js';
import { sendSignal } from '../kill-tree.js';
import { openInputPipe, openOutputPipe } from '../pipe.js';
import { PipeSet } from '../pipe-set.js';
import type { ProcessIdentity } from '../process-entry.js';
import type { MakingContext } from './context.js';
import { CopiedSandbox } from './copied-sandbox.js';
import { changedUser, type TaskUser } from './identity.js';
import { bindsInPrivate, PRIVATE, SHARED_MEMORY, TEMPORARY, WORKSPACE } from './layout.js';
import type { LiveSandbox, SandboxMaker, SandboxRequest } from './live-sandbox.js';
import type { SandboxPolicy } from './policy.js';
import { SandboxTemplate } from './template.js';

/**
 * Has the fork server make sandboxes out of a template that bubblewrap has made: what is the same for all of them is
 * mounted once, and no program is executed on the way to the command.
 */
export class CopyingMaker implements SandboxMaker {
  /** The first process. */
  readonly helpers = 1;
  readonly #context: MakingContext;
  readonly #template: SandboxTemplate;
  readonly #carriedOver: readonly string[];
  readonly #owner: TaskUser | null;

  /** @param context of a sidecar that has a fork server */
  constructor(context: MakingContext) {
    this.#context = context;
    this.#template = new SandboxTemplate({ ...context, bwrap: context.tools.bwrap });
    this.#carriedOver = bindsInPrivate(context.layout);
    this.#owner = changedUser(context.user);
  }

  async make({ policy, cgroup }: SandboxRequest): Promise<LiveSandbox> {
    const { starting } = this.#context;
    const fifos = starting.fifos!;
    const owner = this.#owner;
    const [stdinFifo, orders, out, err, files] = await fifos.take(policy.hasFiles ? 5 : 4);
    const pipes = new PipeSet(owner, fifos);
    pipes.hold(stdinFifo!);
    let init: ProcessIdentity | undefined;
    try {
      const entrance = pipes.openOrders(orders!);
      const template = await this.#template.use();
      try {
        const [stdout, stderr] = [pipes.open(openOutputPipe, out!), pipes.open(openOutputPipe, err!)];
        const filling = files === undefined ? null : pipes.open(openInputPipe, files);
        const order: SandboxOrder = {
          ...{ template: template.namespace, stdinFifo: stdinFifo!, stdout: stdout.childEnd, stderr: stderr.childEnd },
          entrance: entrance.readEnd,
          ...{ groups: cgroup.setup, user: owner },
          ...this.#furnishing(policy),
          filling: filling && { argv: this.#archiver(), source: filling.childEnd },
        };
        const forked = starting.forkServers!.current.makeSandbox(order, (message) => entrance.tell(message));
        init = await forked.prepared();
        pipes.closeChildEnds();
        const workspaceFd = openSync(`/proc/${init.pid}/root${WORKSPACE}`, 'r');
        const streams = { stdinFifo: stdinFifo!, stdout: stdout.stream, stderr: stderr.stream, filling, pipes };
        return new CopiedSandbox(forked, { init, workspaceFd }, streams);
      } finally {
        template.done();
      }
    } catch (error) {
      if (init !== undefined) sendSignal(init.pid, 'SIGKILL');
      pipes.release();
      throw error;
    }
  }

  close(): void {
    this.#template.close();
  }

  #furnishing(policy: SandboxPolicy) {
    const { network, seccompFile } = this.#context;
    const tmpfs = [
      { path: PRIVATE, bytes: policy.privateBytes, mode: '0700' },
      { path: SHARED_MEMORY, bytes: policy.sharedMemoryBytes, mode: '1777' },
    ];
    const directories = { privateDirectories: [WORKSPACE, TEMPORARY], carriedOver: this.#carriedOver };
    return { network, seccompFile, tmpfs, ...directories } satisfies Partial<SandboxOrder>;
  }

  #archiver(): string[] {
    return [this.#context.tools.tar, '-xpf', '-', '-C', WORKSPACE];
  }
}
