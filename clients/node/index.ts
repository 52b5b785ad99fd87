/**
 * The bundled client: `Sidecar.spawn()` starts an exec-sidecar and drives it.
 *
 * Layout: `sidecar` and `task-handle` are what a caller sees. A `session` is one sidecar process: `child` (the process
 * and its pipes), `connection` (frames over them), `handshake`, `task-table` with its `window` and the `task-run`s,
 * `query-table`, and `lifetime`, which ends it by `closing` and the `ladder`.
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
export {
  type CloseStep,
  type ExitInfo,
  InvalidArgumentError,
  type LossCode,
  QueryFailedError,
  SidecarClosedError,
  SidecarError,
  type SidecarErrorCode,
  SidecarLostError,
  SpawnFailedError,
  StartTimeoutError,
  TooLargeError,
  UnsupportedProtocolError,
} from './errors.js';
export type { Source } from './map.js';
export type { OutputChunk } from './output-stream.js';
export type { OutputEncoding, ResultIn, RunResult } from './results.js';
export type { BatchOptions, MapOptions, RunOptions, SignalOptions } from './run-options.js';
export { Sidecar } from './sidecar.js';
export type { SpawnOptions } from './spawn-options.js';
export type { StreamedTaskHandle, TaskHandle } from './task-handle.js';
export type { TaskInput } from './task-input.js';
