import { onAbort } from './abort.js';
import type { CloseOptions } from './closing.js';
import { CrashBudget } from './crash-budget.js';
import { deferred } from './deferred.js';
import { SidecarClosedError, type SidecarError } from './errors.js';
import { KeepAlive } from './keep-alive.js';
import { notify } from './listeners.js';
import { type ExitInfo, type LostTask, RestartsExhaustedError } from './loss.js';
import type { SidecarEnd } from './restart-events.js';
import { Session } from './session.js';
import { assertSpawnOptions, DEFAULT_ANSWER_TIMEOUT_MS, type SpawnOptions } from './spawn-options.js';
import { Work } from './work.js';

/** The last sidecar that was there. */
interface LostSidecar {
  readonly exit: ExitInfo;
  readonly toError: (task?: LostTask) => SidecarError;
  /** On the clock of `performance.now()`. */
  readonly lostAt: number;
}

/** Keeps a sidecar there for the work of a host: with `restart`, a new one in place of one that is lost. */
export class Supervisor {
  readonly work: Work;
  readonly #options: SpawnOptions;
  readonly #keepAlive = new KeepAlive();
  readonly #budget: CrashBudget | undefined;
  readonly #exit = deferred<ExitInfo>();
  /** Aborts the waiting for a new sidecar, and its start. */
  readonly #closing = new AbortController();
  #session!: Session;
  #isUp = false;
  #restarts = 0;
  #closeOptions: CloseOptions | undefined;
  #refusal: ((task?: LostTask) => SidecarError) | undefined;

  /**
   * Starts the first sidecar. Resolves when it is ready; where that fails, it is not tried again.
   *
   * @throws InvalidArgumentError, and as `Session.open`
   */
  static async start(options: SpawnOptions): Promise<Supervisor> {
    assertSpawnOptions(options);
    const supervisor = new Supervisor(options);
    supervisor.#enter(await supervisor.#open(options.signal));
    return supervisor;
  }

  private constructor(options: SpawnOptions) {
    this.#options = options;
    this.#budget = options.restart && new CrashBudget(options.restart);
    this.work = new Work({
      refusal: () => this.#refusal?.(),
      hold: () => this.#keepAlive.hold(),
      onLimitWarning: (warning) => notify(options.onLimitWarning, warning),
      answerTimeoutMs: options.answerTimeoutMs ?? DEFAULT_ANSWER_TIMEOUT_MS,
    });
  }

  /** The sidecar that is there, or was last. */
  get session(): Session {
    return this.#session;
  }

  /** Whether a sidecar is there. */
  get isUp(): boolean {
    return this.#isUp;
  }

  /** Resolves when the last sidecar has ended and no other will be started. Never rejects. */
  get exit(): Promise<ExitInfo> {
    return this.#exit.promise;
  }

  /** What everybody is told from now on who wants something; undefined while there is, or will be, a sidecar. */
  get refusal(): SidecarError | undefined {
    return this.#refusal?.();
  }

  /** Ends the sidecar, or the attempts to start a new one. */
  close(options: CloseOptions): Promise<ExitInfo> {
    this.#closeOptions = options;
    this.#refusal ??= () => new SidecarClosedError();
    if (this.#isUp) void this.#session.lifetime.close(options);
    else this.work.tasks.cancelUnsent('the sidecar is being closed', new SidecarClosedError());
    this.#closing.abort();
    return this.exit;
  }

  #open(signal: AbortSignal | undefined): Promise<Session> {
    return Session.open({ options: this.#options, work: this.work, keepAlive: this.#keepAlive, signal });
  }

  #enter(session: Session): void {
    this.#session = session;
    this.#isUp = true;
    void session.lifetime.exit.then((exit) => this.#left(session, exit));
    if (this.#closeOptions) void session.lifetime.close(this.#closeOptions);
  }

  #left(session: Session, exit: ExitInfo): void {
    this.#isUp = false;
    const toError = (task?: LostTask) => session.lossError(exit, task);
    this.work.lose(toError);
    void this.#goOn({ exit, toError, lostAt: performance.now() }, { exit, error: toError() });
  }

  /** Starts a new sidecar after one was lost, if there is to be one, and as often as that fails. Never rejects. */
  async #goOn(loss: LostSidecar, end: Omit<SidecarEnd, 'restartInMs'>): Promise<void> {
    const next = this.#closeOptions ? undefined : this.#budget?.spend(performance.now());
    const isTried = typeof next === 'number';
    notify(this.#options.onExit, { ...end, restartInMs: isTried ? next : undefined });
    if (typeof next === 'object') {
      const error = () => new RestartsExhaustedError(next, end.error);
      return this.#conclude({ ...loss, toError: error });
    }
    if (isTried) await this.#pause(next);
    if (!isTried || this.#closeOptions) return this.#conclude(loss);
    try {
      this.#enter(await this.#open(this.#closing.signal));
    } catch (error) {
      if (this.#closeOptions) return this.#conclude(loss);
      return this.#goOn(loss, { exit: undefined, error: error as SidecarError });
    }
    this.#restarts += 1;
    const downMs = Math.round(performance.now() - loss.lostAt);
    notify(this.#options.onRestart, { pid: this.#session.pid, restarts: this.#restarts, downMs });
  }

  /** Waits, and no longer than until the sidecar is closed. The host stays alive only if somebody waits for the sidecar. */
  async #pause(ms: number): Promise<void> {
    const passed = deferred<void>();
    const timer = setTimeout(passed.resolve, ms);
    this.#keepAlive.use([timer]);
    const unwatch = onAbort(this.#closing.signal, () => passed.resolve());
    await passed.promise;
    unwatch();
    clearTimeout(timer);
  }

  #conclude({ exit, toError }: LostSidecar): void {
    this.#refusal ??= toError;
    this.work.fail(toError);
    this.#exit.resolve(exit);
  }
}
