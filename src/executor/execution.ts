import type { CollectedFile, LimitEvidence, OmittedFile, Task, TaskResult } from '../../protocol/index.js';
import type { Container } from '../sandbox/backend.js';
import { elapsed } from './elapsed.js';
import { toWireError } from './errors.js';
import type { ExecutionContext } from './execution-context.js';
import { notStarted } from './not-started.js';
import { outputOptions } from './output-options.js';
import { OutputRelay } from './output-relay.js';
import { runToEnd } from './run-to-end.js';
import type { TaskHandle } from './task-handle.js';
import { determineStatus } from './task-result.js';

/** What is read of the workspace after the command has ended. */
interface Collected {
  readonly files: CollectedFile[];
  readonly omitted: OmittedFile[];
}

/**
 * Runs one task from the making of its sandbox to its cleaning. Resolves with the result when the whole process tree
 * is dead, the output is flushed and the sandbox is gone. Never rejects: what goes wrong becomes the result.
 */
export async function executeSingleTask(handle: TaskHandle, context: ExecutionContext): Promise<TaskResult> {
  const startedAt = performance.now();
  const queuedMs = elapsed(handle.enqueuedAt, startedAt);
  if (handle.termination.cause !== null) return notStarted(handle, handle.termination.cause.error, { queuedMs });
  try {
    const { validated } = handle;
    const container = await context.sandbox.createContainer({
      executionId: validated.executionId,
      limits: validated.resourceLimits,
      files: validated.task.files ?? [],
    });
    try {
      return await runInContainer(handle, container, context, startedAt, queuedMs);
    } finally {
      await cleanUp(container, context);
    }
  } catch (error) {
    context.monitor.openFiles.noticeFailure(error);
    return notStarted(handle, toWireError(error), { queuedMs, setupMs: elapsed(startedAt) });
  }
}

async function runInContainer(
  handle: TaskHandle,
  container: Container,
  context: ExecutionContext,
  startedAt: number,
  queuedMs: number,
): Promise<TaskResult> {
  const { task, resourceLimits: limits, executionId } = handle.validated;
  const sandboxed = await context.sandbox.executeInContainer(container, {
    command: task.command,
    args: task.args ?? [],
    env: task.env ?? [],
    cwd: task.cwd,
    stdin: task.stdin === undefined ? 'none' : 'pipe',
  });
  const setupMs = elapsed(startedAt);
  handle.running(sandboxed);
  handle.listener.onStarted({ pid: sandboxed.pid, queuedMs });

  using relay = createRelay(handle, context);
  const run = await runToEnd(handle, container, sandboxed, relay, context);

  const collectedAt = performance.now();
  const { stdout, stderr } = relay.records();
  const room = context.maxResultBytes - stdout.kept.byteLength - stderr.kept.byteLength;
  const collected = await collectFiles(container, task, room);
  const verdict = determineStatus(handle.termination.cause ?? run.late ?? relay.overflow, run.exit, noted(relay));
  return {
    executionId,
    status: verdict.status,
    ...(task.label === undefined ? {} : { label: task.label }),
    cached: false,
    exitCode: run.exit.exitCode,
    signal: run.exit.signal,
    ...(verdict.error && { error: verdict.error }),
    stdout: stdout.kept,
    stderr: stderr.kept,
    stdoutBytes: stdout.totalBytes,
    stderrBytes: stderr.totalBytes,
    truncated: { stdout: stdout.truncated, stderr: stderr.truncated },
    usage: run.usage,
    limits,
    limitsExceeded: [...verdict.limitsExceeded],
    timing: {
      queuedMs,
      setupMs,
      runMs: run.runMs,
      stalledMs: Math.round(relay.stalledMs),
      collectMs: elapsed(collectedAt),
    },
    files: collected.files,
    ...(collected.omitted.length > 0 && { filesOmitted: collected.omitted }),
  };
}

function createRelay(handle: TaskHandle, context: ExecutionContext): OutputRelay {
  const { task, resourceLimits: limits, executionId } = handle.validated;
  const output = outputOptions(task);
  const relay: OutputRelay = new OutputRelay({
    output,
    limitBytes: limits.outputBytes,
    retainBytes: Math.min(limits.outputBytes, context.maxResultBytes),
    gauge: context.registry.register({ limit: 'outputBytes', capacity: limits.outputBytes, scope: executionId }),
    onLimit: (evidence) => {
      const { limit, capacity, observed } = evidence;
      context.registry.warnLimitExhausted({
        limit: 'outputBytes',
        capacity,
        observed: observed ?? capacity,
        scope: executionId,
      });
      if (relay.overflow !== null) handle.termination.settle(relay.overflow);
      else context.logger.debug({ executionId, limit, capacity }, 'output is cut at its limit');
    },
    deliver: (stream, offset, data) => handle.listener.onOutput(stream, offset, data),
  });
  return relay;
}

async function collectFiles(container: Container, task: Task, maxBytes: number): Promise<Collected> {
  if (task.collect === undefined || task.collect.length === 0) return { files: [], omitted: [] };
  return container.collect(task.collect, Math.max(0, maxBytes));
}

async function cleanUp(container: Container, { sandbox, logger, onLeak }: ExecutionContext): Promise<void> {
  const { leaked } = await sandbox.cleanupContainer(container);
  if (leaked === 0) return;
  onLeak(leaked);
  logger.error({ executionId: container.id, leaked }, 'processes of a task could not be killed');
}

function noted(relay: OutputRelay): LimitEvidence[] {
  return relay.evidence === null ? [] : [relay.evidence];
}
