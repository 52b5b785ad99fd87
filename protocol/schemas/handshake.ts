import * as z from 'zod';
import { MAGIC } from '../constants.js';
import { effectiveLimitsSchema, enforcementTableSchema } from './limits.js';
import { count, positive } from './primitives.js';

/** `hello`: the sidecar's first frame, unasked. */
export const helloSchema = z.object({
  magic: z.literal(MAGIC),
  protocol: z.object({ min: positive, max: positive }),
  version: z.string(),
  pid: positive,
  platform: z.string(),
  maxFrameBytes: positive,
});
export type Hello = z.infer<typeof helloSchema>;

/** `init`: the host's first frame. `config` overrides file, environment and flags, and is validated whole. */
export const initSchema = z.object({
  protocol: positive,
  client: z.object({ name: z.string(), version: z.string() }).optional(),
  config: z.record(z.string(), z.unknown()).optional(),
  heartbeatMs: positive.optional(),
});
export type Init = z.infer<typeof initSchema>;

/** What a host may have under way: unfinished tasks, unstarted submit bytes, and bytes per task and direction. */
export const windowSizesSchema = z.object({
  tasks: positive,
  taskBytes: positive,
  outputBytes: positive,
  stdinBytes: positive,
});
export type WindowSizes = z.infer<typeof windowSizesSchema>;

/** A sandbox backend, and why it is not to be had where it is not. */
export const backendAvailabilitySchema = z.object({
  backend: z.string(),
  ok: z.boolean(),
  reason: z.string().optional(),
});
export type BackendAvailability = z.infer<typeof backendAvailabilitySchema>;

/** `ready`: the session is open; its windows, defaults, sandbox, and who enforces each limit. */
export const readySchema = z.object({
  protocol: positive,
  sessionId: z.string(),
  maxFrameBytes: positive,
  window: windowSizesSchema,
  defaults: effectiveLimitsSchema,
  sandbox: z.object({
    backend: z.string(),
    network: z.boolean(),
    available: z.array(backendAvailabilitySchema),
  }),
  enforcement: enforcementTableSchema,
});
export type Ready = z.infer<typeof readySchema>;

/** `heartbeat`: sent every `heartbeatMs`. `loopDelayMs` is the worst event-loop delay since the last one. */
export const heartbeatSchema = z.object({
  seq: count,
  uptimeMs: count,
  loopDelayMs: count,
  active: count,
  queued: count,
});
export type Heartbeat = z.infer<typeof heartbeatSchema>;
