/**
 * [start, end) of `chunk`, as a view. A subclass such as Node's Buffer would be passed on to who decodes it, and its `slice`
 * means something else.
 */
export function plainBytes(chunk: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(chunk.buffer, chunk.byteOffset + start, end - start);
}
