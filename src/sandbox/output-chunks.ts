import { BufferPool, MAX_OUTPUT_CHUNK_BYTES } from '../../protocol/wire.js';

/** More than this many chunks that nobody uses are let go of. */
const MAX_KEPT = 32;

/**
 * What the output of commands comes in: chunks of at most 64 KiB, which are used again once they have been given back.
 */
export const outputChunks = new BufferPool({ bufferBytes: MAX_OUTPUT_CHUNK_BYTES, maxKept: MAX_KEPT });
