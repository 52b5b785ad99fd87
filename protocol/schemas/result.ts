import * as z from 'zod';
import { effectiveLimitsSchema, limitEvidenceSchema } from './limits.js';
import { bytes, count, knownCount } from './primitives.js';

/** How a task ended. The first cause wins. */
export const taskStatusSchema = z.enum([
  'success',
  'failure',
  'timeout',
  'cpuLimitExceeded',
  'memoryLimitExceeded',
  'outputLimitExceeded',
  'processLimitExceeded',
  'resourceLimitExceeded',
  'cancelled',
  'notExecuted',
]);
export type TaskStatus = z.infer<typeof taskStatusSchema>;

/** Whose fault an error is, and in which part of the executor it arose. */
export const errorKindSchema = z.enum([
  'validation',
  'security',
  'resource',
  'execution',
  'timeout',
  'sandbox',
  'monitoring',
  'configuration',
]);
export type ErrorKind = z.infer<typeof errorKindSchema>;

/** An error as it crosses the wire: `message` names the field or limit, the value, the bound and the setting. */
export const wireErrorSchema = z.object({
  kind: errorKindSchema,
  message: z.string(),
  details: z.record(z.string(), z.unknown()).optional(),
});
export type WireError = z.infer<typeof wireErrorSchema>;

/** What a task used. A figure that is not known is nil, never 0. Times in ms, sizes in bytes. */
export const resourceUsageSchema = z.object({
  wallMs: knownCount,
  cpuMs: knownCount,
  userMs: knownCount,
  systemMs: knownCount,
  memoryPeakBytes: knownCount,
  processPeak: knownCount,
  ioReadBytes: knownCount,
  ioWriteBytes: knownCount,
});
export type ResourceUsage = z.infer<typeof resourceUsageSchema>;

/** The usage of a task of which nothing is known. */
export const UNKNOWN_USAGE: ResourceUsage = {
  wallMs: null,
  cpuMs: null,
  userMs: null,
  systemMs: null,
  memoryPeakBytes: null,
  processPeak: null,
  ioReadBytes: null,
  ioWriteBytes: null,
};

/**
 * Where the time of a task went, in ms: waiting for a slot, preparing the sandbox, running, output held back
 * for want of the host's credit (part of `runMs`), and reading the collected files.
 */
export const taskTimingSchema = z.object({
  queuedMs: count,
  setupMs: count,
  runMs: count,
  stalledMs: count,
  collectMs: count,
});
export type TaskTiming = z.infer<typeof taskTimingSchema>;

/** A file that the task left in its workspace and that `collect` asked for. */
export const collectedFileSchema = z.object({ path: z.string(), data: bytes });
export type CollectedFile = z.infer<typeof collectedFileSchema>;

/** Something that `collect` asked for and that is not returned, and why. */
export const omittedFileSchema = z.object({ path: z.string(), reason: z.string() });
export type OmittedFile = z.infer<typeof omittedFileSchema>;

/** The terminal answer to a task: exactly one for each submitted id, and nothing of that task after it. */
export const taskResultSchema = z.object({
  executionId: z.string(),
  status: taskStatusSchema,
  label: z.string().optional(),
  cached: z.boolean(),
  exitCode: z.int().nullable(),
  signal: z.string().nullable(),
  error: wireErrorSchema.optional(),
  stdout: bytes,
  stderr: bytes,
  stdoutBytes: count,
  stderrBytes: count,
  truncated: z.object({ stdout: z.boolean(), stderr: z.boolean() }),
  usage: resourceUsageSchema,
  limits: effectiveLimitsSchema,
  limitsExceeded: z.array(limitEvidenceSchema),
  timing: taskTimingSchema,
  files: z.array(collectedFileSchema),
  filesOmitted: z.array(omittedFileSchema).optional(),
});
export type TaskResult = z.infer<typeof taskResultSchema>;
