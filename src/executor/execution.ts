import type { Writable } from 'node:stream';
import type {
  CollectedFile,
  LimitEvidence,
  OmittedFile,
  ResourceUsage,
  Task,
  TaskResult,
} from '../../protocol/index.js';
import type { MonitorHandle, ResourceMonitor } from '../monitor/index.js';
import type { Container, ExitStatus, SandboxProcess } from '../sandbox/backend.js';
import type { SandboxManager } from '../sandbox/index.js';
import type { Logger, QueueRegistry } from '../tracking/index.js';
import { aborted } from './abort-signals.js';
import { elapsed } from './elapsed.js';
import { toWireError } from './errors.js';
import { notStarted } from './not-started.js';
import { outputOptions } from './output-options.js';
import { OutputRelay } from './output-relay.js';
import type { StdinQueue } from './stdin-queue.js';
import type { TaskHandle } from './task-handle.js';
import { determineStatus, limitBehindSignal } from './task-result.js';
import type { TerminationCause } from './termination.js';
import { UsageReporter } from './usage-reporter.js';
import { isStreamedStdin } from './validation.js';

export interface ExecutionContext {
  readonly sandbox: SandboxManager;
  readonly monitor: ResourceMonitor;
  readonly registry: QueueRegistry;
  readonly logger: Logger;
  readonly maxResultBytes: number;
  /** Counts processes that could not be killed. */
  readonly onLeak: (processes: number) => void;
}

/** What is read of the workspace after the command has ended. */
interface Collected {
  readonly files: CollectedFile[];
  readonly omitted: OmittedFile[];
}

/** How the run itself went. */
interface Run {
  readonly exit: ExitStatus;
  readonly usage: ResourceUsage;
  readonly runMs: number;
  /** A limit that was found exceeded when the task had ended already: the kernel had struck, or it was just seen. */
  readonly late: TerminationCause | null;
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

/** Runs until the command has ended, everything that descends from it is dead, and its output is flushed. */
async function runToEnd(
  handle: TaskHandle,
  container: Container,
  sandboxed: SandboxProcess,
  relay: OutputRelay,
  context: ExecutionContext,
): Promise<Run> {
  const startedAt = performance.now();
  let late: TerminationCause | null = null;
  const monitoring = startMonitoring(handle, container, sandboxed, context, (cause) => {
    late ??= cause;
  });
  const pumps = Promise.all([relay.pump('stdout', sandboxed.stdout), relay.pump('stderr', sandboxed.stderr)]);
  const fed = feedStdin(handle, sandboxed.stdin, context);
  handle.abandonOutput = () => {
    handle.abandonOutput = () => {};
    relay.abandon();
    handle.listener.onOutputAbandoned();
  };
  if (handle.termination.cause?.status === 'cancelled') handle.abandonOutput();

  const ended = sandboxed.exited.then(() => elapsed(startedAt));
  await Promise.race([ended, aborted(handle.termination.signal)]);
  await sandboxed.killTree();
  const exit = await sandboxed.exited;
  const runMs = await ended;
  // Nobody reads it any more, and a pipe that nobody writes to does not notice.
  sandboxed.stdin?.destroy();
  handle.finishing();
  await concludeFromSignal(handle, sandboxed, exit, context);
  handle.termination.conclude();
  const usage = await context.monitor.stopMonitoring(monitoring);
  await relay.drain(pumps, [sandboxed.stdout, sandboxed.stderr]);
  await fed;
  return { exit, usage: { ...usage, wallMs: runMs }, runMs, late };
}

/** A limit that the kernel enforces by a signal has its warning and its verdict as every other. */
async function concludeFromSignal(
  handle: TaskHandle,
  { accounting }: SandboxProcess,
  exit: ExitStatus,
  { registry }: ExecutionContext,
): Promise<void> {
  if (exit.signal === null) return;
  const { resourceLimits, executionId } = handle.validated;
  const counted = await accounting?.usage();
  const struck = limitBehindSignal(exit, resourceLimits, counted?.cpuMs ?? null);
  if (struck === null || !handle.termination.settle(struck.cause)) return;
  const { limit, capacity } = struck;
  registry.warnLimitExhausted({ limit, capacity, observed: capacity, scope: executionId });
}

function startMonitoring(
  handle: TaskHandle,
  container: Container,
  sandboxed: SandboxProcess,
  context: ExecutionContext,
  onLateBreach: (cause: TerminationCause) => void,
): MonitorHandle {
  const { task, resourceLimits, executionId } = handle.validated;
  const reporter = new UsageReporter(task.usageEventsMs, (usage) => handle.listener.onUsage(usage));
  return context.monitor.startMonitoring(
    {
      executionId,
      accounting: sandboxed.accounting,
      enforcement: context.sandbox.enforcement,
      helpers: sandboxed.helpers,
      members: () => sandboxed.members(),
      measureWorkspace: () => container.measureWorkspace(),
    },
    resourceLimits,
    {
      onBreach: (evidence: LimitEvidence, status) => {
        const cause = { status, evidence };
        if (!handle.termination.settle(cause) && evidence.limit !== 'timeoutMs') onLateBreach(cause);
      },
      onUsage: (sample) => reporter.offer(sample),
    },
  );
}

async function feedStdin(handle: TaskHandle, stdin: Writable | null, context: ExecutionContext): Promise<void> {
  if (stdin === null) return;
  if (handle.stdin !== null) return feedStreamedStdin(handle.stdin, stdin, handle.executionId, context);
  const { stdin: given } = handle.validated.task;
  // A command need not read its stdin: that it has closed the pipe early is no fault of anybody.
  stdin.on('error', () => stdin.destroy());
  stdin.end(isStreamedStdin(given) ? undefined : given);
}

async function feedStreamedStdin(
  queue: StdinQueue,
  stdin: Writable,
  executionId: string,
  { registry }: ExecutionContext,
): Promise<void> {
  using window = registry.openWindow({
    window: 'stdinWindow',
    scope: executionId,
    capacity: queue.windowBytes,
    configKey: 'stdinWindowBytes',
    name: `host → task ${executionId} stdin`,
    slow: () => 'the task does not read its stdin, or too slowly',
  });
  await queue.feed(stdin, window);
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
