import { writeSync, writevSync } from 'node:fs';

/**
 * Writes what a descriptor that does not block takes of the chunks, and answers what is left of them, in order: all
 * where it takes nothing, for whatever reason. Who writes the rest by way of a stream is told the reason there.
 */
export function writeAtOnce(descriptor: number, chunks: readonly Uint8Array[]): readonly Uint8Array[] {
  try {
    return without(chunks, chunks.length > 1 ? writevSync(descriptor, chunks) : write(descriptor, chunks[0]!));
  } catch {
    return chunks;
  }
}

/** What is written is copied into this, where it is small: it lies in the heap of V8 and would have to be moved out of it. */
const scratch = Buffer.allocUnsafeSlow(4_096);

function write(descriptor: number, chunk: Uint8Array): number {
  if (chunk.byteLength > scratch.byteLength) return writeSync(descriptor, chunk);
  scratch.set(chunk);
  return writeSync(descriptor, scratch, 0, chunk.byteLength);
}

/** What comes after the first `byteLength` bytes. */
function without(chunks: readonly Uint8Array[], byteLength: number): readonly Uint8Array[] {
  let left = byteLength;
  for (const [index, chunk] of chunks.entries()) {
    if (left < chunk.byteLength) return [chunk.subarray(left), ...chunks.slice(index + 1)];
    left -= chunk.byteLength;
  }
  return [];
}
