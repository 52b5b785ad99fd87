import { MAX_ID } from '../constants.js';
import { ProtocolFault } from '../faults.js';
import {
  type FrameDefinition,
  type FrameScope,
  type HostFrame,
  hostFrames,
  type RawFrame,
  type SidecarFrame,
  sidecarFrames,
} from '../frames.js';
import { outputSchema } from '../schemas/flow.js';
import { anyMapSchema } from '../schemas/primitives.js';
import { describeIssues, firstField, quoteText, withReasons } from './issues.js';
import { isOutput } from './output-frame.js';

/**
 * Checks a frame that a host has sent. Null for a type that begins with `x-`: such a frame is ignored. Fields of the
 * body that the schema does not know are left out. The Task in a `submit` is not judged here (see `parseTask`).
 *
 * @throws ProtocolFault `unknown_type`, `unexpected_frame` (a type that only the sidecar sends), `invalid_frame` (an id
 * that does not go with the type) or `invalid_body`
 */
export function parseHostFrame(raw: RawFrame): HostFrame | null {
  return parseFrame(raw, { sender: 'the host', frames: hostFrames, otherFrames: sidecarFrames }) as HostFrame | null;
}

/** Checks a frame that a sidecar has sent, as `parseHostFrame` does the other way. */
export function parseSidecarFrame(raw: RawFrame): SidecarFrame | null {
  const direction = { sender: 'the sidecar', frames: sidecarFrames, otherFrames: hostFrames };
  return parseFrame(raw, direction) as SidecarFrame | null;
}

interface Direction {
  readonly sender: string;
  readonly frames: Readonly<Record<string, FrameDefinition>>;
  readonly otherFrames: Readonly<Record<string, FrameDefinition>>;
}

function parseFrame(raw: RawFrame, direction: Direction): { type: string; id: number; body: unknown } | null {
  const { type, id } = raw;
  if (type.startsWith('x-')) {
    return null;
  }
  const definition = findDefinition(type, direction);
  if (!isInScope(id, definition.scope)) {
    throw new ProtocolFault('invalid_frame', `the id of ${type} must be ${scopeTexts[definition.scope]}, got ${id}`, {
      type,
      id,
    });
  }
  if (definition.body === anyMapSchema || (definition.body === outputSchema && isOutput(raw.body))) {
    return raw;
  }
  const parsed = definition.body.safeParse(raw.body, withReasons);
  if (!parsed.success) {
    throw new ProtocolFault('invalid_body', describeIssues(parsed.error, type), {
      type,
      field: firstField(parsed.error),
    });
  }
  return { type, id, body: parsed.data };
}

function findDefinition(type: string, { sender, frames, otherFrames }: Direction): FrameDefinition {
  const definition = Object.hasOwn(frames, type) ? frames[type] : undefined;
  if (definition !== undefined) {
    return definition;
  }
  const shown = quoteText(type);
  throw Object.hasOwn(otherFrames, type)
    ? new ProtocolFault('unexpected_frame', `a frame of type ${shown} is never sent by ${sender}`, { type })
    : new ProtocolFault('unknown_type', `the frame type ${shown} is not known`, { type: shown });
}

const scopeTexts: Readonly<Record<FrameScope, string>> = {
  connection: '0',
  hostId: `from 1 to ${MAX_ID}`,
  either: `from 0 to ${MAX_ID}`,
};

function isInScope(id: number, scope: FrameScope): boolean {
  return scope === 'either' || (id === 0) === (scope === 'connection');
}
