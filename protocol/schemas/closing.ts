import * as z from 'zod';
import { PROTOCOL_ERROR_CODES } from '../faults.js';
import { count } from './primitives.js';

/** `shutdown`: `drain` finishes what was accepted, within `deadlineMs` where given; `now` cancels everything. */
export const shutdownSchema = z.object({
  mode: z.enum(['drain', 'now']),
  deadlineMs: count.optional(),
});
export type Shutdown = z.infer<typeof shutdownSchema>;

/** `bye`: the last frame of a clean end. `leaked` counts processes that could not be killed. */
export const byeSchema = z.object({
  reason: z.string(),
  completed: count,
  cancelled: count,
  leaked: count,
});
export type Bye = z.infer<typeof byeSchema>;

/** Every way in which a peer can break the protocol. */
export const protocolErrorCodeSchema = z.enum(PROTOCOL_ERROR_CODES);

/** `protocolError`: what the host did wrong; the last frame of the connection. */
export const protocolErrorSchema = z.object({
  code: protocolErrorCodeSchema,
  message: z.string(),
  detail: z.record(z.string(), z.unknown()).optional(),
});
export type ProtocolErrorBody = z.infer<typeof protocolErrorSchema>;
