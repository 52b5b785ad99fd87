import * as z from 'zod';
import { count, positive } from './primitives.js';

/**
 * The limits of one task as a host may set them. What is left out takes the default that `ready` names.
 *
 * - `timeoutMs`: wall time from the start of the process, in ms.
 * - `cpuTimeMs`: CPU time (user + system) of the whole process tree, in ms.
 * - `memoryBytes`: memory of the whole process tree, in bytes.
 * - `processes`: processes alive at once in the tree.
 * - `openFiles`: open descriptors of each process.
 * - `fileSizeBytes`: size of each file that is written, in bytes.
 * - `outputBytes`: stdout and stderr together, in bytes.
 * - `workspaceBytes`: sum of the files in the workspace, in bytes.
 * - `cpuPercent`: CPU rate; 100 is one core.
 */
export const taskLimitsSchema = z.object({
  timeoutMs: positive.optional(),
  cpuTimeMs: positive.optional(),
  memoryBytes: positive.optional(),
  processes: positive.optional(),
  openFiles: positive.optional(),
  fileSizeBytes: count.optional(),
  outputBytes: count.optional(),
  workspaceBytes: count.optional(),
  cpuPercent: positive.optional(),
});
export type TaskLimits = z.infer<typeof taskLimitsSchema>;

/** The name of a per-task limit. */
export type TaskLimitName = keyof TaskLimits;

/** The limits a task runs under, every default filled in; `cpuPercent` is nil where the rate is not limited. */
export const effectiveLimitsSchema = z.object({
  timeoutMs: positive,
  cpuTimeMs: positive,
  memoryBytes: positive,
  processes: positive,
  openFiles: positive,
  fileSizeBytes: count,
  outputBytes: count,
  workspaceBytes: count,
  cpuPercent: positive.nullable(),
});
export type EffectiveLimits = z.infer<typeof effectiveLimitsSchema>;

/** Who enforces a limit, from the strongest to none at all. */
export const enforcementMechanismSchema = z.enum([
  'cgroup-v2',
  'cgroup-v1',
  'rlimit',
  'tmpfs',
  'sampled',
  'timer',
  'counter',
  'unavailable',
]);
export type EnforcementMechanism = z.infer<typeof enforcementMechanismSchema>;

/** For each limit, who enforces it here. */
export const enforcementTableSchema = z.object({
  timeoutMs: enforcementMechanismSchema,
  cpuTimeMs: enforcementMechanismSchema,
  memoryBytes: enforcementMechanismSchema,
  processes: enforcementMechanismSchema,
  outputBytes: enforcementMechanismSchema,
  fileSizeBytes: enforcementMechanismSchema,
  openFiles: enforcementMechanismSchema,
  workspaceBytes: enforcementMechanismSchema,
  cpuPercent: enforcementMechanismSchema,
});
export type EnforcementTable = z.infer<typeof enforcementTableSchema>;

/**
 * The evidence of a limit verdict. `observed` is nil where the enforcer only says that the limit was hit;
 * `measured` is exact, `sampled` the last sample, `inferred` concluded from how the process ended.
 */
export const limitEvidenceSchema = z.object({
  limit: z.string(),
  capacity: count,
  observed: count.nullable(),
  enforcedBy: enforcementMechanismSchema,
  confidence: z.enum(['measured', 'sampled', 'inferred']),
});
export type LimitEvidence = z.infer<typeof limitEvidenceSchema>;
