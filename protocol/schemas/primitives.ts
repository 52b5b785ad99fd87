import * as z from 'zod';
import { MAX_ID } from '../constants.js';

/** An integer from `min` to `max`; what it says of any other value names both bounds. */
export function integer(min: number, max: number = Number.MAX_SAFE_INTEGER): z.ZodInt {
  const error = `must be an integer ${max === Number.MAX_SAFE_INTEGER ? `>= ${min}` : `from ${min} to ${max}`}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}

/** An integer from 0 to 2^53 − 1: sizes in bytes, times in milliseconds, counts. */
export const count = integer(0);

/** An integer from 1 to 2^53 − 1. */
export const positive = integer(1);

/** A frame id: u32; 0 is the connection. */
export const frameId = integer(0, MAX_ID);

/** An id that the host has chosen for a task or a query: 1 to 2^32 − 1. */
export const hostId = integer(1, MAX_ID);

/** Raw bytes (msgpack `bin`). */
export const bytes: z.ZodType<Uint8Array> = z.instanceof(Uint8Array, { error: 'must be bin' });

/** Bytes as `bin`, or text that stands for its UTF-8 bytes. */
export const bytesOrText = z.union([bytes, z.string()], { error: 'must be bin or str' });

/** Text that ends up in a C string: NUL would cut it off. */
export const cString = z.string().refine((text) => !text.includes('\0'), { error: 'must not contain NUL' });

/** A map for a schema whose fields may all be left out: a `bin` is an object too and would pass for an empty map. */
export function mapOf<Schema extends z.ZodObject>(schema: Schema): z.ZodPipe<z.ZodUnknown, Schema> {
  return z
    .unknown()
    .refine((value) => !(value instanceof Uint8Array), { error: 'must be a map' })
    .pipe(schema);
}

/** Any map, all of its fields kept. The body of every decoded frame is one. */
export const anyMapSchema = z.looseObject({});

/** A figure that may be unknown: then nil, never 0. */
export const knownCount = count.nullable();
