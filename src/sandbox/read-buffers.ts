import { MAX_OUTPUT_CHUNK_BYTES, newOutputBuffer } from '../../protocol/wire.js';

/** More than this many buffers that nobody reads into are let go of. */
const MAX_KEPT = 32;

const kept: Uint8Array[] = [];

/**
 * What a pipe of a command is read into, for as long as it is open. New ones for each task would be garbage that takes V8
 * long to notice: its heap hardly grows by them.
 */
export function takeReadBuffer(): Uint8Array {
  return kept.pop() ?? newOutputBuffer(MAX_OUTPUT_CHUNK_BYTES);
}

/** Nobody reads into the buffer any more, nor looks at what is in it. To be called once. */
export function giveReadBufferBack(buffer: Uint8Array): void {
  if (kept.length < MAX_KEPT) kept.push(buffer);
}
