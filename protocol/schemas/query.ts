import * as z from 'zod';
import { count, knownCount } from './primitives.js';
import { taskResultSchema, taskStatusSchema, wireErrorSchema } from './result.js';
import { limitCategorySchema, limitUnitSchema } from './warning.js';

/** `query`: a question about the sidecar; `executionId` goes with `result`. */
export const querySchema = z.discriminatedUnion(
  'what',
  [
    z.object({ what: z.enum(['queues', 'statistics', 'tasks', 'health']) }),
    z.object({ what: z.literal('result'), executionId: z.string() }),
  ],
  { error: 'must be one of "queues", "statistics", "tasks", "health", "result"' },
);
export type Query = z.infer<typeof querySchema>;

/** Percentiles in ms; nil where nothing has been seen. */
export const percentilesSchema = z.object({
  p50: knownCount,
  p90: knownCount,
  p99: knownCount,
  max: knownCount,
});
export type Percentiles = z.infer<typeof percentilesSchema>;

/**
 * The live usage of one tracked limit. `depth` never exceeds `capacity`; parked producers are `waiters`.
 * Byte bounds are there where the queue has them. `parkedMs` and `longestParkMs` tell how long producers waited, and
 * `waitMs` how long what has left a queue had been in it; a limit that is no queue, and a window of bytes, has none.
 */
export const queueSnapshotSchema = z.object({
  name: z.string(),
  category: limitCategorySchema,
  scope: z.string(),
  unit: limitUnitSchema,
  capacity: count,
  capacityBytes: count.optional(),
  depth: count,
  depthBytes: count.optional(),
  highWater: count,
  fillPercent: count,
  waiters: count,
  enqueued: count,
  dequeued: count,
  parkedCount: count,
  parkedMs: count,
  longestParkMs: count,
  waitMs: percentilesSchema.optional(),
});
export type QueueSnapshot = z.infer<typeof queueSnapshotSchema>;

/** Statistics of the executor since it was started; `throughputPerMinute` counts results in the last 60 s. */
export const executionStatisticsSchema = z.object({
  completed: count,
  byStatus: z.record(taskStatusSchema, count),
  cacheHits: count,
  queuedMs: percentilesSchema,
  runMs: percentilesSchema,
  throughputPerMinute: count,
  uptimeMs: count,
});
export type ExecutionStatisticsSnapshot = z.infer<typeof executionStatisticsSchema>;

/** A task that has no result yet. */
export const taskSummarySchema = z.object({
  id: count,
  executionId: z.string().nullable(),
  label: z.string().optional(),
  command: z.string(),
  state: z.enum(['received', 'queued', 'running', 'finishing']),
  priority: z.int(),
  ageMs: count,
});
export type TaskSummary = z.infer<typeof taskSummarySchema>;

/**
 * How the sidecar itself is. `loopDelayMs` is the worst event-loop delay in the last few seconds. What only some
 * runtimes tell may be left out: the bytes of the heap, those of buffers outside of it, and how many resources of each
 * type keep the event loop going, such as pipes, processes and timers.
 */
export const healthSchema = z.object({
  uptimeMs: count,
  loopDelayMs: count,
  memoryBytes: count,
  heapBytes: count.optional(),
  externalBytes: count.optional(),
  openFiles: knownCount,
  activeResources: z.record(z.string(), count).optional(),
  active: count,
  queued: count,
  shuttingDown: z.boolean(),
});
export type Health = z.infer<typeof healthSchema>;

/** The answers to each question, by its `what`. */
export const answerSchemas = {
  queues: z.object({ queues: z.array(queueSnapshotSchema) }),
  statistics: executionStatisticsSchema,
  tasks: z.object({ tasks: z.array(taskSummarySchema) }),
  health: healthSchema,
  result: taskResultSchema,
} as const;

/** `reply`: the answer, or `error` where the question could not be answered. */
export const replySchema = z.looseObject({ error: wireErrorSchema.optional() });
export type Reply = z.infer<typeof replySchema>;
