import type { Heartbeat, ProtocolFault, Ready, Shutdown, SidecarFrame } from '../../protocol/index.js';
import { onAbort } from './abort.js';
import { type SidecarChild, spawnChild } from './child.js';
import { Connection } from './connection.js';
import { startDeadline } from './deadline.js';
import { deferred } from './deferred.js';
import { dispatch, type Receivers } from './dispatch.js';
import { SidecarClosedError, SidecarError, StartTimeoutError } from './errors.js';
import { Handshake } from './handshake.js';
import { type HealthReport, healthLimits } from './health.js';
import { HealthMonitor } from './health-monitor.js';
import type { KeepAlive } from './keep-alive.js';
import { Lifetime } from './lifetime.js';
import { notify } from './listeners.js';
import { type ExitInfo, type Loss, NO_TASK, SidecarLostError } from './loss.js';
import { DEFAULT_START_TIMEOUT_MS, type SpawnOptions } from './spawn-options.js';
import type { Work } from './work.js';

/** What a session shares with those before and after it. */
export interface SessionContext {
  readonly options: SpawnOptions;
  readonly work: Work;
  readonly keepAlive: KeepAlive;
  /** Gives up the start. */
  readonly signal: AbortSignal | undefined;
}

/** One sidecar process from its start to its end. Between `ready` and its end it does the work that is there. */
export class Session {
  readonly pid: number;
  readonly lifetime: Lifetime;
  readonly #context: SessionContext;
  readonly #child: SidecarChild;
  readonly #connection: Connection;
  readonly #handshake: Handshake;
  readonly #receivers: Receivers;
  readonly #opening = deferred<void>();
  #ready: Ready | undefined;
  #health: HealthMonitor | undefined;
  #startFailure: { readonly error: unknown } | undefined;
  #loss: Loss = { code: 'sidecar_exited' };

  /**
   * Starts a sidecar. Resolves when it is ready.
   *
   * @throws SpawnFailedError, StartTimeoutError, UnsupportedProtocolError, SidecarLostError, or the reason of the
   * signal; the process is gone then
   */
  static async open(context: SessionContext): Promise<Session> {
    context.signal?.throwIfAborted();
    const session = new Session(await spawnChild(context.options, context.keepAlive), context);
    await session.#open();
    return session;
  }

  private constructor(child: SidecarChild, context: SessionContext) {
    const { config, graceMs } = context.options;
    const { heartbeatMs } = healthLimits(context.options);
    const { tasks } = context.work;
    this.pid = child.pid;
    this.#context = context;
    this.#child = child;
    this.#connection = new Connection({
      stdin: child.stdin,
      stdout: child.stdout,
      buffer: child.buffer,
      onFrame: (frame) => this.#receive(frame),
      onFault: (fault) => this.#fault(fault),
      onEnd: () => this.lifetime.leaves(),
    });
    const init = { ...(config && { config }), ...(heartbeatMs > 0 && { heartbeatMs }) };
    this.#handshake = new Handshake(init, (frame) => this.#connection.send(frame));
    const acts = {
      allSent: () => tasks.allSent(),
      cancelUnsent: () => tasks.cancelUnsent('the sidecar is being closed', new SidecarClosedError()),
      shutdown: (body: Shutdown) => this.#connection.send({ type: 'shutdown', id: 0, body }),
      endOfStdin: () => this.#connection.end(),
      onOver: () => this.#over(),
    };
    this.lifetime = new Lifetime(child, acts, graceMs);
    this.#receivers = {
      work: context.work,
      wantsOutput: () => !this.lifetime.isLeft,
      onLimitWarning: (warning) => notify(context.options.onLimitWarning, warning),
      onHeartbeat: (heartbeat) => this.#beat(heartbeat),
      onBye: (bye) => this.lifetime.leaves(bye),
    };
    void this.lifetime.exit.then((exit) => {
      this.#opening.reject(this.#startFailure ? this.#startFailure.error : this.lossError(exit));
    });
  }

  /** What the sidecar has said of itself. */
  get ready(): Ready {
    return this.#ready!;
  }

  /** How the sidecar is; undefined where it was asked for no heartbeats. */
  get health(): HealthReport | undefined {
    return this.#health?.report;
  }

  /** What a waiter is told when this sidecar has ended. */
  lossError(exit: ExitInfo, task = NO_TASK): SidecarLostError {
    return new SidecarLostError(reasonOf(this.#loss, exit), exit, task);
  }

  async #open(): Promise<void> {
    const { signal, keepAlive, options } = this.#context;
    const { startTimeoutMs = DEFAULT_START_TIMEOUT_MS } = options;
    const release = keepAlive.hold();
    const deadline = startDeadline(startTimeoutMs, () => {
      const { missing } = this.#handshake;
      this.#giveUpStart(new StartTimeoutError(startTimeoutMs, missing, this.#child.stderr.text()));
    });
    const unwatch = onAbort(signal, () => this.#giveUpStart(signal?.reason));
    if (signal?.aborted) this.#giveUpStart(signal.reason);
    try {
      await this.#opening.promise;
    } finally {
      deadline.clear();
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
    } else if (this.#ready) {
      dispatch(frame, this.#receivers);
    } else {
      const ready = this.#handshake.receive(frame);
      if (ready) this.#begin(ready);
    }
  }

  #begin(ready: Ready): void {
    const { work, options } = this.#context;
    const limits = healthLimits(options);
    this.#ready = ready;
    if (limits.heartbeatMs > 0) {
      this.#health = new HealthMonitor({
        limits,
        isBehind: () => this.#connection.isBehind,
        onChange: (report) => notify(options.onHealthChange, report),
        onHopeless: ({ silentMs }) => this.#killStuck(silentMs, limits.killStuckAfterMs),
      });
    }
    work.attach({
      ready,
      send: (frame) => this.#connection.send(frame),
      sendEncoded: (frame) => this.#connection.sendEncoded(frame),
    });
    this.#opening.resolve();
  }

  #fault(fault: ProtocolFault | SidecarError): void {
    const isCutOff = fault.code === 'frame_truncated' && this.lifetime.isLeft;
    if (fault instanceof SidecarError) this.#startFailure ??= { error: fault };
    else if (!isCutOff)
      this.#lose({ code: 'sidecar_fault', protocolCode: fault.code, message: fault.message, cause: fault });
    this.lifetime.end('endOfStdin');
  }

  /** The first loss is the reason that everybody is told; what follows from it is not. */
  #lose(loss: Loss): void {
    if (this.#loss.code === 'sidecar_exited') this.#loss = loss;
  }

  #beat(heartbeat: Heartbeat): void {
    this.#health?.heard(heartbeat);
    notify(this.#context.options.onHeartbeat, heartbeat);
  }

  #killStuck(silentMs: number, killStuckAfterMs: number): void {
    const message = `no heartbeat for ${silentMs} ms; option killStuckAfterMs is ${killStuckAfterMs}`;
    this.#lose({ code: 'sidecar_stuck', message });
    this.lifetime.end('SIGKILL');
  }

  /** Nothing more is to be expected of the sidecar: what has not been sent is kept from it. */
  #over(): void {
    this.#connection.stop();
    this.#health?.[Symbol.dispose]();
    if (this.#ready) this.#context.work.suspend();
  }
}

/** A frame that is cut off is no fault of a sidecar that somebody has killed. */
function reasonOf(loss: Loss, { signal, step }: ExitInfo): Loss {
  const isKilledByOthers = signal !== null && step !== 'SIGTERM' && step !== 'SIGKILL';
  return loss.protocolCode === 'frame_truncated' && isKilledByOthers ? { code: 'sidecar_exited' } : loss;
}
