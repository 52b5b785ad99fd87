import type { LimitEvidence, ResourceUsage } from '../../protocol/index.js';
import type { MonitorHandle } from '../monitor/index.js';
import type { Container, ExitStatus, SandboxProcess } from '../sandbox/backend.js';
import { within } from '../sandbox/within.js';
import { elapsed } from './elapsed.js';
import type { ExecutionContext } from './execution-context.js';
import { feedStdin } from './feed-stdin.js';
import type { OutputRelay } from './output-relay.js';
import type { TaskHandle } from './task-handle.js';
import { limitBehindSignal } from './task-result.js';
import type { TerminationCause } from './termination.js';
import { UsageReporter } from './usage-reporter.js';

/** How the run itself went. */
export interface Run {
  readonly exit: ExitStatus;
  readonly usage: ResourceUsage;
  readonly runMs: number;
  /** A limit that was found exceeded when the task had ended already: the kernel had struck, or it was just seen. */
  readonly late: TerminationCause | null;
}

/** How long the exit of a command is waited for once it has been killed, in ms: it comes at once, or not at all. */
const EXIT_MS = 1_000;

/** How a command ends that cannot be killed: it is in an uninterruptible wait, or frozen. */
const NO_EXIT: ExitStatus = { exitCode: null, signal: null };

/**
 * Runs until the command has ended, everything that descends from it is dead, and its output is flushed. What cannot
 * be killed does not hold the result back: the cleaning tries again, and tells what it leaves behind.
 */
export async function runToEnd(
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
  const fed = feedStdin(handle, sandboxed.stdin, context.registry);
  handle.abandonOutput = () => {
    handle.abandonOutput = () => {};
    relay.abandon();
    handle.listener.onOutputAbandoned();
  };
  if (handle.termination.cause?.status === 'cancelled') handle.abandonOutput();

  const ended = sandboxed.exited.then((exit) => ({ exit, runMs: elapsed(startedAt) }));
  await Promise.race([ended, new Promise<void>((resolve) => handle.termination.whenSettled(resolve))]);
  await sandboxed.killTree();
  const { exit, runMs } = await within(ended, EXIT_MS, () => ({ exit: NO_EXIT, runMs: elapsed(startedAt) }));
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
  const counted = await accounting?.totals();
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
