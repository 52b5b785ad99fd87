import type { ExecutorConfig } from '../executor/index.js';
import type { SandboxManagerOptions } from '../sandbox/index.js';
import type { OutboxBounds, SessionConfig } from '../session/index.js';
import type { Logger } from '../tracking/index.js';
import type { Settings } from './settings-schema.js';

/** What a result frame holds beside stdout, stderr and files: ids, figures, names and messages. */
const RESULT_OVERHEAD_BYTES = 131_072;

/** `accepted` and `started`: the control frames that a task brings about without being able to wait. */
const CONTROL_FRAMES_PER_TASK = 2;

export function executorConfig(settings: Settings): ExecutorConfig {
  return {
    ...settings,
    queueBytes: settings.taskWindowBytes,
    maxResultBytes: settings.maxFrameBytes - RESULT_OVERHEAD_BYTES,
  };
}

export function sessionConfig(settings: Settings): SessionConfig {
  return {
    maxFrameBytes: settings.maxFrameBytes,
    window: {
      tasks: windowTasks(settings),
      taskBytes: settings.taskWindowBytes,
      outputBytes: settings.outputWindowBytes,
      stdinBytes: settings.stdinWindowBytes,
    },
    onEof: settings.onEof,
  };
}

/** The inbox holds at least what a host may submit that keeps to its window. */
export function inboxBounds(settings: Settings): { frames: number; bytes: number } {
  return { frames: Math.max(settings.inboxFrames, windowTasks(settings)), bytes: settings.taskWindowBytes };
}

/**
 * The reader waits for room for the refusal of a task, so there is a place for each task in the window. Control frames
 * have room for what all those tasks bring about, and eight times that beside it.
 */
export function outboxBounds(settings: Settings): OutboxBounds {
  const reservedControlFrames = CONTROL_FRAMES_PER_TASK * windowTasks(settings);
  return {
    maxFrameBytes: settings.maxFrameBytes,
    outputFrames: settings.outboxFrames,
    outputBytes: settings.outboxBytes,
    results: Math.max(settings.outboxResults, windowTasks(settings)),
    resultBytes: settings.outboxResultBytes,
    controlFrames: 9 * reservedControlFrames,
    reservedControlFrames,
  };
}

export function sandboxOptions(
  settings: Settings,
  process: { readonly logger: Logger; readonly sweepCommand: readonly string[] },
): SandboxManagerOptions {
  return {
    backend: settings.sandbox,
    network: settings.network,
    allowedCwd: settings.allowedCwd,
    readOnlyPaths: settings.readOnlyPaths,
    sandboxUid: settings.sandboxUid,
    poolSize: settings.workerPoolSize,
    enableMonitoring: settings.enableMonitoring,
    sweepCommand: process.sweepCommand,
    logger: process.logger,
    ...(settings.workspaceRoot !== undefined && { workspaceRoot: settings.workspaceRoot }),
  };
}

function windowTasks(settings: Settings): number {
  return settings.queueSize + settings.maxConcurrentTasks;
}
