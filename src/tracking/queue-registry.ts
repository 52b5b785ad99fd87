import type { LimitWarning, QueueSnapshot } from '../../protocol/index.js';
import { describeQueue, describeStall, describeWarning } from './descriptions.js';
import { ExhaustedLimits } from './exhausted-limits.js';
import { fillPercent } from './fill-percent.js';
import { checkCapacities, configKeysOf, type GaugeOptions, SIDECAR_SCOPE } from './gauge-options.js';
import type { Logger } from './logger.js';
import { ParkLog } from './park-log.js';
import { type FillReading, type GaugeObserver, QueueGauge } from './queue-gauge.js';
import type { Stall, StallHandler, WatchedLink } from './stall.js';
import { StallWatch } from './stall-watch.js';
import { toCount } from './to-count.js';
import { type TrackedLimit, trackedLimits } from './tracked-limit.js';
import { type LimitWarningHandler, WarningDelivery } from './warning-delivery.js';
import { WindowGauge, type WindowOptions } from './window-gauge.js';

/** A limit that has struck. */
export interface LimitExhaustion {
  readonly limit: TrackedLimit;
  /** How much was used, in the unit of the limit. */
  readonly observed: number;
  readonly capacity: number;
  /** `sidecar` (the default), or the execution id of the task whose limit it is. */
  readonly scope?: string;
  /** The setting that raises the limit; that of the catalogue where it is left out. */
  readonly configKey?: string;
}

/** Every live gauge, and the one way by which their warnings reach the log and the host. */
export class QueueRegistry {
  /** The registry of this process. Tests make their own. */
  static readonly global = new QueueRegistry();

  readonly #gauges = new Set<QueueGauge>();
  readonly #windows = new Set<WindowGauge>();
  readonly #stalls = new StallWatch((stall) => this.#tellStall(stall));
  readonly #exhausted = new ExhaustedLimits();
  readonly #delivery = new WarningDelivery((err) =>
    this.#log((logger) => logger.error({ err }, 'the limit warning handler failed; further failures are not logged')),
  );
  readonly #observer: GaugeObserver = {
    onEdge: (gauge, kind, reading) => {
      if (kind === 'recovered') this.#exhausted.rearm(gauge);
      this.#warn(gauge, kind, reading);
    },
    onClosed: (gauge) => this.#gauges.delete(gauge),
    openParks: (gauge) =>
      gauge.link === undefined
        ? new ParkLog()
        : this.watch({ ...gauge.link, scope: gauge.scope, reading: () => gauge.reading() }),
  };
  #logger: Logger | null;
  #stallHandler: StallHandler = () => {};
  #seq = 0;

  /** @param options.logger takes a line for each warning; nothing is logged where there is none */
  constructor(options: { logger?: Logger } = {}) {
    this.#logger = options.logger ?? null;
  }

  /**
   * Begins to track a queue or another limit. Its gauge is in the snapshot until it is closed.
   * @throws InvalidCapacityError
   */
  register(options: GaugeOptions): QueueGauge {
    checkCapacities(options, 0);
    const gauge = new QueueGauge(options, this.#observer);
    this.#gauges.add(gauge);
    return gauge;
  }

  /** Begins to show a window of one task, which never warns. It is in the snapshot until it is closed. */
  openWindow(options: WindowOptions): WindowGauge {
    const window: WindowGauge = new WindowGauge(options, {
      parks: this.watch({ ...options, reading: () => window.reading() }),
      onClosed: () => this.#windows.delete(window),
    });
    this.#windows.add(window);
    return window;
  }

  /** Begins to watch a link that has no gauge of its own: who waits at it parks in what is returned. */
  watch(link: WatchedLink): ParkLog {
    return this.#stalls.open(link);
  }

  /** The usage of every live gauge, in the order in which they were registered, and then that of the windows. */
  snapshot(): QueueSnapshot[] {
    return [...this.#gauges, ...this.#windows].map((gauge) => gauge.snapshot());
  }

  /** Logs the usage of every live gauge, a debug line each. */
  logSnapshot(): void {
    for (const queue of this.snapshot()) this.#log((logger) => logger.debug({ queue }, describeQueue(queue)));
  }

  /**
   * Sets who takes the warnings; null removes it. Those that were raised while nobody took them come first: the newest
   * of each scope, limit and kind, at most 256, of which the oldest of tasks give way.
   */
  setLimitWarningHandler(handler: LimitWarningHandler | null): void {
    this.#delivery.setHandler(handler);
  }

  /** Sets who takes the stalls, beside the log; null removes it. What it throws reaches nobody. */
  setStallHandler(handler: StallHandler | null): void {
    this.#stallHandler = handler ?? (() => {});
  }

  setLogger(logger: Logger): void {
    this.#logger = logger;
  }

  /**
   * A limit has struck: warns that it is exhausted, once for each scope and limit. That of a task is final; that of the
   * sidecar may strike again when its gauge has recovered. No gauge is needed; where there is one that has not warned
   * yet, `near` goes first.
   */
  warnLimitExhausted(exhaustion: LimitExhaustion): void {
    const { limit, scope = SIDECAR_SCOPE } = exhaustion;
    if (!this.#exhausted.add({ limit, scope })) return;
    const reading = readingOf(exhaustion);
    for (const gauge of this.#gauges) {
      if (gauge.limit === limit && gauge.scope === scope) gauge.warnBeforeExhausted(reading);
    }
    this.#warn({ limit, scope }, 'exhausted', reading);
  }

  #warn({ limit, scope }: { limit: TrackedLimit; scope: string }, kind: LimitWarning['kind'], reading: FillReading) {
    this.#seq += 1;
    const { category } = trackedLimits[limit];
    const warning: LimitWarning = { limit, category, ...reading, kind, scope, seq: this.#seq, at: Date.now() };
    const level = kind === 'recovered' ? 'info' : 'warn';
    this.#log((logger) => logger[level]({ limitWarning: warning }, describeWarning(warning)));
    this.#delivery.add(warning);
  }

  #tellStall(stall: Stall): void {
    const level = stall.kind === 'stalled' ? 'warn' : 'info';
    this.#log((logger) => logger[level]({ stall }, describeStall(stall)));
    try {
      this.#stallHandler(stall);
    } catch (err) {
      this.#log((logger) => logger.error({ err }, 'the stall handler failed'));
    }
  }

  /** Whatever the logger throws, nobody who is tracked has to bear it. */
  #log(write: (logger: Logger) => void): void {
    try {
      if (this.#logger !== null) write(this.#logger);
    } catch {
      // There is nowhere left to tell.
    }
  }
}

function readingOf({ limit, observed, capacity, configKey }: LimitExhaustion): FillReading {
  return {
    observed: toCount(observed),
    capacity: toCount(capacity),
    fillPercent: fillPercent(toCount(observed), toCount(capacity)),
    unit: trackedLimits[limit].unit,
    configKey: configKeysOf(limit, configKey).configKey,
  };
}
