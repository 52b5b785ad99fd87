import { type HostFrame, ProtocolFault, type Ready, type SidecarFrame } from '../../protocol/index.js';
import { onAbort } from './abort.js';
import { type SidecarChild, spawnChild } from './child.js';
import { Connection } from './connection.js';
import { deferred } from './deferred.js';
import {
  type ExitInfo,
  type Loss,
  type LostTask,
  SidecarClosedError,
  SidecarError,
  SidecarLostError,
  StartTimeoutError,
} from './errors.js';
import { Handshake } from './handshake.js';
import { Ids } from './ids.js';
import { Lifetime } from './lifetime.js';
import { notify } from './listeners.js';
import { QueryTable } from './query-table.js';
import { assertSpawnOptions, DEFAULT_START_TIMEOUT_MS, type SpawnOptions } from './spawn-options.js';
import { TaskTable } from './task-table.js';

/** What there is once the sidecar is ready. */
interface Opened {
  readonly ready: Ready;
  readonly tasks: TaskTable;
  readonly queries: QueryTable;
}

const NO_TASK: LostTask = { accepted: false, executionId: undefined };

/** One sidecar process from its start to its end. Whatever ends it, everybody who waits is told in `#settle`. */
export class Session {
  readonly pid: number;
  readonly lifetime: Lifetime;
  readonly #options: SpawnOptions;
  readonly #child: SidecarChild;
  readonly #connection: Connection;
  readonly #handshake: Handshake;
  readonly #opening = deferred<void>();
  #opened: Opened | undefined;
  #startFailure: { readonly error: unknown } | undefined;
  #loss: Loss = { code: 'sidecar_exited' };
  #exit: ExitInfo | undefined;

  /**
   * Starts a sidecar. Resolves when it is ready.
   *
   * @throws InvalidArgumentError, SpawnFailedError, StartTimeoutError, UnsupportedProtocolError, SidecarLostError, or
   * the reason of `options.signal`; the process is gone then
   */
  static async open(options: SpawnOptions): Promise<Session> {
    assertSpawnOptions(options);
    options.signal?.throwIfAborted();
    const session = new Session(await spawnChild(options), options);
    await session.#open();
    return session;
  }

  private constructor(child: SidecarChild, options: SpawnOptions) {
    this.pid = child.pid;
    this.#options = options;
    this.#child = child;
    this.#connection = new Connection({
      stdin: child.stdin,
      stdout: child.stdout,
      onFrame: (frame) => this.#receive(frame),
      onFault: (fault) => this.#fault(fault),
      onEnd: () => this.lifetime.leaves(),
    });
    const { config, heartbeatMs } = options;
    const init = { ...(config && { config }), ...(heartbeatMs && { heartbeatMs }) };
    this.#handshake = new Handshake(init, (frame) => this.#connection.send(frame));
    this.lifetime = new Lifetime(child, {
      allSent: async () => this.#opened?.tasks.allSent(),
      cancelUnsent: () => this.#opened?.tasks.cancelUnsent('the sidecar is being closed', new SidecarClosedError()),
      shutdown: (body) => this.#connection.send({ type: 'shutdown', id: 0, body }),
      endOfStdin: () => this.#connection.end(),
    });
    void this.lifetime.exit.then((exit) => this.#settle(exit));
  }

  get ready(): Ready {
    return this.#opened!.ready;
  }

  get tasks(): TaskTable {
    return this.#opened!.tasks;
  }

  get queries(): QueryTable {
    return this.#opened!.queries;
  }

  async #open(): Promise<void> {
    const { signal, startTimeoutMs = DEFAULT_START_TIMEOUT_MS } = this.#options;
    const release = this.#child.keepAlive.hold();
    const timer = setTimeout(() => {
      const { missing } = this.#handshake;
      this.#giveUpStart(new StartTimeoutError(startTimeoutMs, missing, this.#child.stderr.text()));
    }, startTimeoutMs);
    const unwatch = onAbort(signal, () => this.#giveUpStart(signal?.reason));
    if (signal?.aborted) this.#giveUpStart(signal.reason);
    try {
      await this.#opening.promise;
    } finally {
      clearTimeout(timer);
      unwatch();
      release();
    }
  }

  #giveUpStart(error: unknown): void {
    this.#startFailure ??= { error };
    this.lifetime.end('SIGKILL');
  }

  #receive(frame: SidecarFrame): void {
    if (frame.type === 'protocolError') {
      this.#lose({ code: 'protocol_error', protocolCode: frame.body.code, message: frame.body.message });
      this.lifetime.leaves();
    } else if (this.#opened) {
      this.#dispatch(frame, this.#opened);
    } else {
      const ready = this.#handshake.receive(frame);
      if (ready) this.#begin(ready);
    }
  }

  #begin(ready: Ready): void {
    const shared = {
      ids: new Ids((id) => tasks.has(id) || queries.has(id)),
      send: (frame: HostFrame) => this.#connection.send(frame),
      refusal: () => this.#refusal(),
      hold: () => this.#child.keepAlive.hold(),
    };
    const tasks = new TaskTable({
      ...shared,
      ready,
      sendEncoded: (frame) => this.#connection.sendEncoded(frame),
      onLimitWarning: (warning) => notify(this.#options.onLimitWarning, warning),
    });
    const queries = new QueryTable(shared);
    this.#opened = { ready, tasks, queries };
    this.#opening.resolve();
  }

  #dispatch(frame: SidecarFrame, { tasks, queries }: Opened): void {
    switch (frame.type) {
      case 'accepted':
      case 'started':
      case 'usage':
      case 'window':
      case 'result':
        tasks.receive(frame);
        break;
      case 'output':
        if (!this.lifetime.isLeft) tasks.receive(frame);
        break;
      case 'limitWarning':
        if (frame.id === 0) notify(this.#options.onLimitWarning, frame.body);
        else tasks.receive(frame);
        break;
      case 'reply':
      case 'pong':
        queries.receive(frame);
        break;
      case 'heartbeat':
        notify(this.#options.onHeartbeat, frame.body);
        break;
      case 'bye':
        this.lifetime.leaves(frame.body);
        break;
      default:
        throw new ProtocolFault('unexpected_frame', `${frame.type} came after the session was open`);
    }
  }

  #fault(fault: ProtocolFault | SidecarError): void {
    if (fault instanceof SidecarError) this.#startFailure ??= { error: fault };
    else this.#lose({ code: 'sidecar_fault', protocolCode: fault.code, message: fault.message, cause: fault });
    this.lifetime.end('endOfStdin');
  }

  /** The first loss is the reason that everybody is told; what follows from it is not. */
  #lose(loss: Loss): void {
    if (this.#loss.code === 'sidecar_exited') this.#loss = loss;
  }

  #refusal(): SidecarError | undefined {
    if (this.lifetime.isClosed) return new SidecarClosedError();
    return this.#exit && new SidecarLostError(this.#loss, this.#exit, NO_TASK);
  }

  #settle(exit: ExitInfo): void {
    this.#exit = exit;
    const toError = (task: LostTask = NO_TASK) => new SidecarLostError(this.#loss, exit, task);
    this.#opening.reject(this.#startFailure ? this.#startFailure.error : toError());
    this.#opened?.tasks.fail(toError);
    this.#opened?.queries.fail(toError);
  }
}
