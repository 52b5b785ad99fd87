/**
 * Bytes that may be kept: a copy, unless `view` already covers (nearly) its whole buffer.
 *
 * A decoded binary is a view of the chunk that it arrived in, so keeping a few bytes of it would keep the whole chunk.
 */
export function ownBytes(view: Uint8Array): Uint8Array {
  const unused = view.buffer.byteLength - view.byteLength;
  return unused <= view.byteLength * TOLERATED_WASTE ? view : new Uint8Array(view);
}

/** The share of its own size that a view may keep alive besides. */
const TOLERATED_WASTE = 1 / 16;
