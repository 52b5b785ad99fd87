import type { Heartbeat, LimitWarning } from '../../protocol/index.js';
import { assertFunction, assertMilliseconds } from './arguments.js';
import { InvalidArgumentError } from './errors.js';

/** How a sidecar is started and listened to. Everything may be left out. */
export interface SpawnOptions {
  /** Settings of the sidecar; they override its file, environment and flags. */
  readonly config?: Readonly<Record<string, unknown>> | undefined;
  /**
   * What to start: a script (`.js`, `.mjs`, `.cjs`), which runs under the Node of the host, or any program, by path or
   * by name. Default: the sidecar of this package.
   */
  readonly executable?: string | undefined;
  /** Flags for `exec-sidecar serve`. */
  readonly args?: readonly string[] | undefined;
  /** The whole environment of the sidecar (tasks never see it). Default: that of the host. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** Called with every limit warning, of the sidecar and of each task, in the order in which they came. */
  readonly onLimitWarning?: ((warning: LimitWarning) => void) | undefined;
  /** Called with the sidecar's stderr, its log, as it comes. Default: only the last 64 KiB are kept, for errors. */
  readonly onStderr?: ((text: string) => void) | undefined;
  /** Called with every heartbeat, where `heartbeatMs` is given. */
  readonly onHeartbeat?: ((heartbeat: Heartbeat) => void) | undefined;
  /** Aborts the start; once the sidecar is ready, closes it at once. */
  readonly signal?: AbortSignal | undefined;
  /** How long the sidecar may take until it is ready, in ms, from 1 to 2^31 − 1. Default 15,000. */
  readonly startTimeoutMs?: number | undefined;
  /** Asks for a heartbeat this often, in ms, at least 1. Default: none. */
  readonly heartbeatMs?: number | undefined;
}

/** How long a sidecar may take until it is ready, in ms, where the caller does not say. */
export const DEFAULT_START_TIMEOUT_MS = 15_000;

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
  for (const name of ['onLimitWarning', 'onStderr', 'onHeartbeat'] as const) {
    if (options[name] !== undefined) assertFunction(options[name], `options.${name}`);
  }
  assertMilliseconds(options.startTimeoutMs, 'options.startTimeoutMs', 1);
  assertMilliseconds(options.heartbeatMs, 'options.heartbeatMs', 1);
}
