import { z } from 'zod';
import { MAX_ID } from '../constants.js';

/** An integer from 0 to 2^53 − 1: sizes in bytes, times in milliseconds, counts. */
export const count = z.int().min(0);

/** An integer from 1 to 2^53 − 1. */
export const positive = z.int().min(1);

/** A frame id: u32; 0 is the connection. */
export const frameId = z.int().min(0).max(MAX_ID);

/** An id that the host has chosen for a task or a query: 1 to 2^32 − 1. */
export const hostId = z.int().min(1).max(MAX_ID);

/** Raw bytes (msgpack `bin`). */
export const bytes = z.instanceof(Uint8Array, { error: 'expected bin' });

/** Bytes as `bin`, or text that stands for its UTF-8 bytes. */
export const bytesOrText = z.union([bytes, z.string()], { error: 'expected bin or str' });

/** Text that ends up in a C string: NUL would cut it off. */
export const cString = z.string().refine((text) => !text.includes('\0'), { error: 'must not contain NUL' });

/** A figure that may be unknown: then nil, never 0. */
export const knownCount = count.nullable();
