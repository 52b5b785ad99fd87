/**
 * The bundled client: `Sidecar.spawn()` starts an exec-sidecar and drives it.
 *
 * Layout: `sidecar` and `task-handle` are what a caller sees. `work` is what is under way: `task-table` with its
 * `window` and the `task-run`s, and `query-table`. A `session` is one sidecar process, which does that work: `child`
 * (the process and its pipes), `connection` (frames over them, `paced-reader`), `handshake`, `health-monitor`, and
 * `lifetime`, which ends it by `closing` and the `ladder`. The `supervisor` puts a new session in place of a lost one.
 */
export type {
  Accepted,
  Bye,
  CollectedFile,
  EffectiveLimits,
  EnforcementTable,
  ErrorKind,
  ExecutionStatisticsSnapshot,
  Health,
  Heartbeat,
  LimitEvidence,
  LimitWarning,
  OmittedFile,
  ProtocolErrorCode,
  QueueSnapshot,
  Ready,
  ResourceUsage,
  SignalName,
  Started,
  TaskFile,
  TaskLimits,
  TaskResult,
  TaskStatus,
  TaskSummary,
  TaskTiming,
  UsageEvent,
  WindowSizes,
  WireError,
} from '../../protocol/index.js';
export type { CloseOptions } from './closing.js';
export type { RestartOptions } from './crash-budget.js';
export {
  AnswerTimeoutError,
  InvalidArgumentError,
  QueryFailedError,
  SidecarClosedError,
  SidecarError,
  type SidecarErrorCode,
  SpawnFailedError,
  StartTimeoutError,
  TooLargeError,
  UnsupportedProtocolError,
} from './errors.js';
export type { HealthOptions, HealthReport, HealthState } from './health.js';
export type { GraceMs } from './ladder.js';
export { type CloseStep, type ExitInfo, type LossCode, RestartsExhaustedError, SidecarLostError } from './loss.js';
export type { Source } from './map.js';
export type { OutputChunk } from './output-stream.js';
export type { SidecarEnd, SidecarStart } from './restart-events.js';
export type { OutputEncoding, ResultIn, RunResult } from './results.js';
export type { BatchOptions, MapOptions, RunOptions, SignalOptions } from './run-options.js';
export { Sidecar } from './sidecar.js';
export type { SpawnOptions } from './spawn-options.js';
export type { StreamedTaskHandle, TaskHandle } from './task-handle.js';
export type { TaskInput } from './task-input.js';
