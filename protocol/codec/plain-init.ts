import type { RawFrame } from '../frames.js';
import type { Init } from '../schemas/handshake.js';

/**
 * The body of an `init` as hosts send it, judged without a schema, so that a start need not wait for one: what
 * `parseHostFrame` would make of the frame. Undefined for every other frame, right or wrong, which is left to that.
 */
export function parsePlainInit({ type, id, body }: RawFrame): Init | undefined {
  const { protocol, client, config, heartbeatMs } = body;
  if (type !== 'init' || id !== 0 || !isPositive(protocol)) return undefined;
  if (heartbeatMs !== undefined && !isPositive(heartbeatMs)) return undefined;
  if (config !== undefined && !isPlainMap(config)) return undefined;
  if (client !== undefined && !isClient(client)) return undefined;
  return {
    protocol,
    ...(client !== undefined && { client: { name: client.name, version: client.version } }),
    ...(config !== undefined && { config }),
    ...(heartbeatMs !== undefined && { heartbeatMs }),
  };
}

function isClient(value: unknown): value is NonNullable<Init['client']> {
  return isPlainMap(value) && typeof value.name === 'string' && typeof value.version === 'string';
}

function isPositive(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}

/** Whether a value is a map as the decoder makes them. */
function isPlainMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
