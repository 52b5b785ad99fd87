import {
  type EffectiveLimits,
  type EnforcementMechanism,
  type EnforcementTable,
  parseTask,
  type Task,
  type TaskLimitName,
} from '../../protocol/index.js';
import { checkCommandPolicy } from '../sandbox/command-policy.js';
import { defaultLimits, type ExecutorConfig } from './config.js';
import { ExecutorError } from './errors.js';
import { nodeCrypto } from './node-crypto.js';

/** A task that may be run: checked, its limits complete, its execution id given. */
export interface ValidatedTask {
  readonly task: Task;
  readonly resourceLimits: EffectiveLimits;
  readonly executionId: string;
}

/** A new execution id: unique for all time. */
export function generateExecutionId(): string {
  return nodeCrypto().randomUUID();
}

/**
 * Checks everything about a task that can be known before it is queued.
 * @throws ExecutorError kind `validation` naming the field, its bound and its value; `resource` for limits that can
 * never be met; `sandbox` for `require: "kernel"` where a limit would only be sampled
 * @throws SandboxError kind `security` where the command policy refuses it
 */
export function validateTask(
  candidate: unknown,
  executionId: string,
  config: ExecutorConfig,
  enforcement: EnforcementTable,
): ValidatedTask {
  const parsed = parseTask(candidate);
  if (!parsed.ok) throw new ExecutorError('validation', 'invalid_task', parsed.message, { field: parsed.field });
  const { task } = parsed;
  checkCommandPolicy(task.command, task.args ?? [], config.commandPolicy);
  checkCacheable(task);
  const resourceLimits = applyDefaultLimits(task, config);
  checkMemoryBudget(resourceLimits, config);
  if (task.require === 'kernel') checkKernelEnforcement(task, enforcement);
  return { task, resourceLimits, executionId };
}

/**
 * The limits a task runs under: its own where it sets them, else the defaults, which a ceiling lowers.
 * @throws ExecutorError kind `validation` for a limit above the configured ceiling
 */
export function applyDefaultLimits(task: Pick<Task, 'limits'>, config: ExecutorConfig): EffectiveLimits {
  const effective: Record<string, number | null> = { ...defaultLimits(config) };
  for (const [name, ceiling] of Object.entries(config.limitCeilings)) {
    if (ceiling === undefined) continue;
    const current = effective[name] ?? null;
    effective[name] = current === null ? ceiling : Math.min(current, ceiling);
  }
  for (const [name, value] of Object.entries(task.limits ?? {})) {
    if (value === undefined) continue;
    const ceiling = config.limitCeilings[name as TaskLimitName];
    if (ceiling !== undefined && value > ceiling) {
      throw new ExecutorError(
        'validation',
        'limit_above_ceiling',
        `limits.${name}: ${value} is above the ceiling of ${ceiling} (setting limitCeilings.${name})`,
        { field: `limits.${name}`, value, ceiling },
      );
    }
    effective[name] = value;
  }
  return effective as EffectiveLimits;
}

function checkCacheable(task: Task): void {
  if (task.cache !== true) return;
  if (task.output?.mode === 'stream') {
    throw new ExecutorError(
      'validation',
      'not_cacheable',
      'cache: true needs output.mode "collect" or "discard", got "stream": streamed output is not kept',
      { field: 'cache' },
    );
  }
  if (isStreamedStdin(task.stdin)) {
    throw new ExecutorError(
      'validation',
      'not_cacheable',
      'cache: true needs a stdin that is given whole, got {stream: true}: it is not known beforehand',
      { field: 'cache' },
    );
  }
}

/** Whether a task's stdin comes in `stdin` frames. */
export function isStreamedStdin(stdin: Task['stdin']): boolean {
  return typeof stdin === 'object' && !(stdin instanceof Uint8Array);
}

function checkMemoryBudget(limits: EffectiveLimits, config: ExecutorConfig): void {
  if (limits.memoryBytes <= config.memoryBudgetBytes) return;
  throw new ExecutorError(
    'resource',
    'memory_budget',
    `limits.memoryBytes: ${limits.memoryBytes} can never fit into the memory budget of ${config.memoryBudgetBytes} (setting memoryBudgetBytes)`,
    { field: 'limits.memoryBytes', value: limits.memoryBytes, budget: config.memoryBudgetBytes },
  );
}

/** What the kernel or the sidecar's own exact bookkeeping enforces, as opposed to samples. */
const HARD_MECHANISMS: ReadonlySet<EnforcementMechanism> = new Set([
  'cgroup-v2',
  'cgroup-v1',
  'rlimit',
  'tmpfs',
  'timer',
  'counter',
]);

/** The limits that a `require: "kernel"` task relies on even where it does not set them. */
const ALWAYS_LIMITED = Object.freeze([
  'timeoutMs',
  'cpuTimeMs',
  'memoryBytes',
  'processes',
  'outputBytes',
  'fileSizeBytes',
  'openFiles',
  'workspaceBytes',
] as const);

/** The limits that nothing holds here but samples, or nothing at all: those that stand in the way of `require: "kernel"`. */
export function softLimits(
  enforcement: EnforcementTable,
  limits: readonly TaskLimitName[] = ALWAYS_LIMITED,
): TaskLimitName[] {
  return limits.filter((name) => !HARD_MECHANISMS.has(enforcement[name]));
}

function checkKernelEnforcement(task: Task, enforcement: EnforcementTable): void {
  const relied: TaskLimitName[] = [...ALWAYS_LIMITED];
  if (task.limits?.cpuPercent !== undefined) relied.push('cpuPercent');
  const soft = softLimits(enforcement, relied);
  if (soft.length === 0) return;
  const list = soft.map((name) => `${name} (${enforcement[name]})`).join(', ');
  throw new ExecutorError(
    'sandbox',
    'not_kernel_enforced',
    `require: "kernel" cannot be met here: ${list}; 'exec-sidecar doctor' tells how to get there`,
    { field: 'require', limits: soft },
  );
}
