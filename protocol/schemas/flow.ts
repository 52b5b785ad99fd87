import * as z from 'zod';
import { MAX_OUTPUT_CHUNK_BYTES } from '../constants.js';
import { anyMapSchema, bytes, count, hostId, knownCount, positive } from './primitives.js';
import { signalNameSchema } from './task.js';

/** `submitBatch`: tasks that are accepted all together or not at all. Each Task is validated on its own. */
export const submitBatchSchema = z.object({ tasks: z.array(z.tuple([hostId, z.unknown()])) });
export type SubmitBatch = z.infer<typeof submitBatchSchema>;

/** `accepted`: the task is queued; `position` is how many are ahead of it. */
export const acceptedSchema = z.object({ executionId: z.string(), position: count });
export type Accepted = z.infer<typeof acceptedSchema>;

/** `started`: the process runs. `pid` is left out for an answer from the cache. */
export const startedSchema = z.object({ pid: positive.optional(), queuedMs: count });
export type Started = z.infer<typeof startedSchema>;

/** `output`: `offset` is the position of `data` in that stream, in bytes. */
export const outputSchema = z.object({
  stream: z.enum(['stdout', 'stderr']),
  offset: count,
  data: bytes.refine((data) => data.byteLength <= MAX_OUTPUT_CHUNK_BYTES, {
    error: `must not exceed ${MAX_OUTPUT_CHUNK_BYTES} bytes`,
  }),
});
export type Output = z.infer<typeof outputSchema>;

/** `usage`: what a running task has used so far. */
export const usageSchema = z.object({
  wallMs: knownCount,
  cpuMs: knownCount,
  userMs: knownCount,
  systemMs: knownCount,
  memoryBytes: knownCount,
  memoryPeakBytes: knownCount,
  processes: knownCount,
  processPeak: knownCount,
});
export type UsageEvent = z.infer<typeof usageSchema>;

/** `stdin`: bytes for a task that asked for `stdin: {stream: true}`; `end` closes it. */
export const stdinSchema = z.object({ data: bytes.optional(), end: z.boolean().optional() });
export type Stdin = z.infer<typeof stdinSchema>;

/** `window` by the host: the cumulative output bytes that it allows a task since it began. */
export const outputWindowSchema = z.object({ outputBytes: count });
export type OutputWindow = z.infer<typeof outputWindowSchema>;

/** `window` by the sidecar: the cumulative stdin bytes that a task may be sent since it began. */
export const stdinWindowSchema = z.object({ stdinBytes: count });
export type StdinWindow = z.infer<typeof stdinWindowSchema>;

/** `signal`: to the task's process group. */
export const signalSchema = z.object({ signal: signalNameSchema });
export type Signal = z.infer<typeof signalSchema>;

/** `cancel`: idempotent and unanswered; the `result` is the answer. */
export const cancelSchema = z.object({ reason: z.string().optional() });
export type Cancel = z.infer<typeof cancelSchema>;

/** `ping` and `pong`: whatever the body holds, it comes back. */
export const pingSchema = anyMapSchema;
export type Ping = z.infer<typeof pingSchema>;
