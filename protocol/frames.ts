import type * as z from 'zod';
import { byeSchema, protocolErrorSchema, shutdownSchema } from './schemas/closing.js';
import {
  acceptedSchema,
  cancelSchema,
  outputSchema,
  outputWindowSchema,
  pingSchema,
  signalSchema,
  startedSchema,
  stdinSchema,
  stdinWindowSchema,
  submitBatchSchema,
  usageSchema,
} from './schemas/flow.js';
import { heartbeatSchema, helloSchema, initSchema, readySchema } from './schemas/handshake.js';
import { anyMapSchema } from './schemas/primitives.js';
import { querySchema, replySchema } from './schemas/query.js';
import { taskResultSchema } from './schemas/result.js';
import { limitWarningSchema } from './schemas/warning.js';

/** Which ids a frame may carry: the connection (0), one that the host has chosen (≥ 1), or either. */
export type FrameScope = 'connection' | 'hostId' | 'either';

/** What a frame of one type must look like. */
export type FrameDefinition = { readonly scope: FrameScope; readonly body: z.ZodType };

/**
 * The frames that a host sends. A `submit` body is any map here: whether it is a Task is judged per task
 * (`taskSchema`), because a wrong Task is that task's fault and not the connection's.
 */
export const hostFrames = {
  init: { scope: 'connection', body: initSchema },
  submit: { scope: 'hostId', body: anyMapSchema },
  submitBatch: { scope: 'connection', body: submitBatchSchema },
  stdin: { scope: 'hostId', body: stdinSchema },
  window: { scope: 'hostId', body: outputWindowSchema },
  signal: { scope: 'hostId', body: signalSchema },
  cancel: { scope: 'hostId', body: cancelSchema },
  query: { scope: 'hostId', body: querySchema },
  ping: { scope: 'either', body: pingSchema },
  shutdown: { scope: 'connection', body: shutdownSchema },
} as const satisfies Record<string, FrameDefinition>;

/** The frames that the sidecar sends. */
export const sidecarFrames = {
  hello: { scope: 'connection', body: helloSchema },
  ready: { scope: 'connection', body: readySchema },
  accepted: { scope: 'hostId', body: acceptedSchema },
  started: { scope: 'hostId', body: startedSchema },
  output: { scope: 'hostId', body: outputSchema },
  usage: { scope: 'hostId', body: usageSchema },
  window: { scope: 'hostId', body: stdinWindowSchema },
  result: { scope: 'hostId', body: taskResultSchema },
  limitWarning: { scope: 'either', body: limitWarningSchema },
  reply: { scope: 'hostId', body: replySchema },
  pong: { scope: 'either', body: pingSchema },
  heartbeat: { scope: 'connection', body: heartbeatSchema },
  bye: { scope: 'connection', body: byeSchema },
  protocolError: { scope: 'connection', body: protocolErrorSchema },
} as const satisfies Record<string, FrameDefinition>;

type FrameOf<Catalogue extends Record<string, FrameDefinition>> = {
  [Type in keyof Catalogue & string]: {
    readonly type: Type;
    readonly id: number;
    readonly body: z.infer<Catalogue[Type]['body']>;
  };
}[keyof Catalogue & string];

/** A frame from the host to the sidecar. */
export type HostFrame = FrameOf<typeof hostFrames>;

/** A frame from the sidecar to the host. */
export type SidecarFrame = FrameOf<typeof sidecarFrames>;

/** Any frame after decoding and before its body is checked. */
export interface RawFrame {
  readonly type: string;
  readonly id: number;
  readonly body: Record<string, unknown>;
}
