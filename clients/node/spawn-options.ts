import type { Heartbeat, LimitWarning } from '../../protocol/index.js';
import { assertFunction, assertMilliseconds } from './arguments.js';
import { assertRestartOptions, type RestartOptions } from './crash-budget.js';
import { InvalidArgumentError } from './errors.js';
import { type HealthOptions, type HealthReport, healthLimits } from './health.js';
import { assertGraceMs, type GraceMs } from './ladder.js';
import type { SidecarEnd, SidecarStart } from './restart-events.js';

/** How a sidecar is started, listened to, watched, restarted and ended. Everything may be left out. */
export interface SpawnOptions extends HealthOptions {
  /** Settings of the sidecar; they override its file, environment and flags. */
  readonly config?: Readonly<Record<string, unknown>> | undefined;
  /**
   * What to start: a script (`.js`, `.mjs`, `.cjs`), which runs under the Node of the host, or any program, by path or
   * by name. Default: the sidecar of this package.
   */
  readonly executable?: string | undefined;
  /** Flags for `exec-sidecar serve`. */
  readonly args?: readonly string[] | undefined;
  /**
   * The whole environment of the sidecar (tasks never see it). Default: that of the host; for the sidecar of this package
   * without `NODE_EXTRA_CA_CERTS`, which would only delay its start.
   */
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** Called with every limit warning, of the sidecar and of each task, in the order in which they came. */
  readonly onLimitWarning?: ((warning: LimitWarning) => void) | undefined;
  /** Called with the sidecar's stderr, its log, as it comes. Default: only the last 64 KiB are kept, for errors. */
  readonly onStderr?: ((text: string) => void) | undefined;
  /** Called with every heartbeat. */
  readonly onHeartbeat?: ((heartbeat: Heartbeat) => void) | undefined;
  /** Aborts the start; once the sidecar is ready, closes it at once. */
  readonly signal?: AbortSignal | undefined;
  /** How long the sidecar may take until it is ready, in ms, from 1 to 2^31 − 1. Default 15,000. */
  readonly startTimeoutMs?: number | undefined;
  /** How long a question or a ping may wait for its answer, in ms, from 1 to 2^31 − 1. Default 30,000. */
  readonly answerTimeoutMs?: number | undefined;
  /** How long the steps may take by which the sidecar is ended. `close` can say otherwise. */
  readonly graceMs?: GraceMs | undefined;
  /**
   * Starts a new sidecar when one is lost: when it ends, or has to be ended, without `close`. No task runs twice: what
   * the lost one had been sent rejects with SidecarLostError; what it had not waits for the new one. Default: no restart.
   */
  readonly restart?: RestartOptions | undefined;
  /** Called when the state of the sidecar's health changes. It is `healthy` at first. */
  readonly onHealthChange?: ((report: HealthReport) => void) | undefined;
  /** Called when a sidecar has ended, however it did, or could not be started again. */
  readonly onExit?: ((end: SidecarEnd) => void) | undefined;
  /** Called when a new sidecar is ready in place of one that was lost. */
  readonly onRestart?: ((start: SidecarStart) => void) | undefined;
}

/** How long a sidecar may take until it is ready, in ms, where the caller does not say. */
export const DEFAULT_START_TIMEOUT_MS = 15_000;

/** How long a question may wait for its answer, in ms, where the caller does not say. */
export const DEFAULT_ANSWER_TIMEOUT_MS = 30_000;

const LISTENERS = ['onLimitWarning', 'onStderr', 'onHeartbeat', 'onHealthChange', 'onExit', 'onRestart'] as const;

/** @throws InvalidArgumentError */
export function assertSpawnOptions(options: SpawnOptions): void {
  const { executable, args, config } = options;
  if (executable !== undefined && (typeof executable !== 'string' || executable === '')) {
    throw new InvalidArgumentError('options.executable', 'a path or a name');
  }
  if (args !== undefined && !(Array.isArray(args) && args.every((arg) => typeof arg === 'string'))) {
    throw new InvalidArgumentError('options.args', 'an array of strings');
  }
  if (config !== undefined && (typeof config !== 'object' || config === null)) {
    throw new InvalidArgumentError('options.config', 'an object');
  }
  for (const name of LISTENERS) {
    if (options[name] !== undefined) assertFunction(options[name], `options.${name}`);
  }
  assertMilliseconds(options.startTimeoutMs, 'options.startTimeoutMs', 1);
  assertMilliseconds(options.answerTimeoutMs, 'options.answerTimeoutMs', 1);
  assertGraceMs(options.graceMs);
  assertRestartOptions(options.restart);
  healthLimits(options);
}
