import { setTimeout as sleep } from 'node:timers/promises';
import type { LimitWarning, SidecarFrame } from '../../protocol/index.js';
import { aborted, whenAborted } from '../executor/abort-signals.js';
import type { TaskExecutor } from '../executor/index.js';
import type { Logger, QueueRegistry } from '../tracking/index.js';
import type { ByteSink } from './byte-streams.js';
import { Dispatcher } from './dispatcher.js';
import { type Ending, endingOf, exitCodeOf, reasonOf } from './ending.js';
import type { FrameSource } from './frame-source.js';
import { faultFrame } from './handshake.js';
import type { HealthProbe } from './heartbeat.js';
import type { Inbox } from './inbox.js';
import { MAX_TIMER_MS } from './max-timer.js';
import type { Outbox } from './outbox.js';
import { Questions } from './questions.js';
import type { SessionConfig } from './session-config.js';
import { TaskTable } from './task-table.js';

export interface SessionOptions {
  readonly config: SessionConfig;
  readonly source: FrameSource;
  /** Aborts when the host has ended its stream, whether or not its frames have been read as far as that. */
  readonly hostEnd: AbortSignal;
  readonly sink: ByteSink;
  readonly inbox: Inbox;
  readonly executor: TaskExecutor;
  readonly outbox: Outbox;
  readonly registry: QueueRegistry;
  readonly logger: Logger;
  readonly probe: HealthProbe;
}

/** How long a host that has left or was told off may take to read what is left, in ms. */
const LAST_WORDS_MS = 2_000;

/** How long a host that has left may have frames waiting before it is asked whether the reader is parked, in ms. */
const PARKED_CHECK_MS = 250;

/** One connection with a host, from `ready` to its last frame. */
export class Session {
  readonly #options: SessionOptions;
  readonly #table = new TaskTable();
  readonly #dispatcher: Dispatcher;
  readonly #ending: Promise<Ending>;
  #end!: (ending: Ending) => void;
  /** Aborts when the tasks that are left are cancelled rather than waited for. */
  readonly #haste = new AbortController();
  /** Aborts when nobody can be expected any more to read what is left. */
  readonly #parting = new AbortController();
  #parked = false;

  constructor(options: SessionOptions) {
    const { inbox, outbox, executor, registry, probe, config } = options;
    this.#options = options;
    this.#dispatcher = new Dispatcher({
      table: this.#table,
      inbox,
      outbox,
      executor,
      registry,
      questions: new Questions({ table: this.#table, registry, executor, outbox, probe }),
      outputWindowBytes: config.window.outputBytes,
      onShutdown: (request) => this.#finish({ kind: 'shutdown', request }),
    });
    this.#ending = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /**
   * Serves the host until one of the two ends it. Resolves with the exit code when everything is dead and said.
   * @param termination aborts with the name of the signal when the process is told to end
   */
  async run(termination: AbortSignal): Promise<number> {
    const { registry, inbox, executor, outbox, sink, hostEnd } = this.#options;
    whenAborted(hostEnd, () => void this.#reachEnd());
    whenAborted(sink.gone, () => this.#finish({ kind: 'gone' }));
    whenAborted(termination, () => this.#finish({ kind: 'terminated', signal: String(termination.reason) }));
    registry.setLimitWarningHandler((warning) => this.#warn(warning));
    const dispatching = inbox.dispatchTo(executor, outbox);
    void this.#read();
    const exitCode = await this.#conclude(await this.#ending);
    inbox.close();
    await dispatching;
    registry.setLimitWarningHandler(null);
    return exitCode;
  }

  async #read(): Promise<void> {
    const { source } = this.#options;
    try {
      for (let received = await source.next(); received !== null; received = source.poll() ?? (await source.next())) {
        const waiting = this.#dispatcher.dispatch(received);
        if (waiting !== undefined) await this.#park(waiting);
      }
      this.#finish({ kind: 'eof' });
    } catch (error) {
      this.#finish(endingOf(error));
    }
  }

  async #park(waiting: Promise<void>): Promise<void> {
    this.#parked = true;
    await waiting;
    this.#parked = false;
  }

  /** The reader comes to the end of the stream by itself, unless it is parked before what a host that has left wrote. */
  async #reachEnd(): Promise<void> {
    const eof: Ending = { kind: 'eof' };
    if (this.#isPatient(eof)) return;
    while (!this.#haste.signal.aborted) {
      await sleep(PARKED_CHECK_MS, undefined, { ref: false });
      if (this.#parked) this.#finish(eof);
    }
  }

  /** The first ending decides; a later one can only hurry it. */
  #finish(ending: Ending): void {
    this.#end(ending);
    // At once: the frames that follow may have been read already.
    this.#options.executor.refuseFurther(`the sidecar is shutting down: ${reasonOf(ending)}`);
    if (ending.kind === 'eof') this.#expectNothingMore();
    if (this.#isPatient(ending)) return;
    this.#haste.abort();
    if (ending.kind !== 'shutdown') this.#parting.abort();
  }

  /** Nobody can grant credit any more, or go on with a task's stdin: what waits for either goes on without. */
  #expectNothingMore(): void {
    for (const { frames, handle } of this.#table.tasks()) {
      frames.liftCredit();
      handle?.stdin?.end();
    }
  }

  /** Whether an ending lets the tasks that are under way go on. */
  #isPatient(ending: Ending): boolean {
    if (ending.kind === 'shutdown') return ending.request.mode === 'drain';
    return ending.kind === 'eof' && this.#options.config.onEof === 'drain';
  }

  async #conclude(ending: Ending): Promise<number> {
    const { outbox, logger } = this.#options;
    if (ending.kind === 'internal') logger.error({ err: ending.error }, 'the session failed');
    if (ending.kind === 'fault') outbox.seal(faultFrame(ending.fault), { dropWaiting: true });
    await this.#settleTasks(ending);
    outbox.seal(this.#bye(ending), { dropWaiting: false });
    await Promise.race([outbox.flushed(), aborted(this.#parting.signal).then(lastWords)]);
    return exitCodeOf(ending);
  }

  /** Resolves when every task has its result: drained where the ending allows it, else cancelled. */
  async #settleTasks(ending: Ending): Promise<void> {
    const { executor, outbox } = this.#options;
    using deadline = startDeadline(ending.kind === 'shutdown' ? ending.request.deadlineMs : undefined);
    await Promise.race([executor.idle(), aborted(this.#haste.signal), deadline.passed]);
    outbox.liftBounds();
    executor.cancelAll(reasonOf(ending));
    await executor.idle();
  }

  #bye(ending: Ending): SidecarFrame {
    const { executor } = this.#options;
    const { completed, byStatus } = executor.statistics();
    const cancelled = byStatus.cancelled ?? 0;
    const body = { reason: reasonOf(ending), completed: completed - cancelled, cancelled, leaked: executor.leaked };
    return { type: 'bye', id: 0, body };
  }

  #warn(warning: LimitWarning): void {
    if (warning.scope === 'sidecar') this.#options.outbox.warning(0, warning);
    else this.#table.warn(warning);
  }
}

/** Passes after so many ms, or never where they are left out. It keeps the process alive until it is disposed of. */
function startDeadline(ms: number | undefined): Disposable & { readonly passed: Promise<void> } {
  let timer: NodeJS.Timeout | undefined;
  const passed = new Promise<void>((resolve) => {
    if (ms !== undefined) timer = setTimeout(resolve, Math.min(ms, MAX_TIMER_MS));
  });
  return { passed, [Symbol.dispose]: () => clearTimeout(timer) };
}

function lastWords(): Promise<void> {
  return sleep(LAST_WORDS_MS, undefined, { ref: false });
}
