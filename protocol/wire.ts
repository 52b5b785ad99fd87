/**
 * What goes over the wire as bytes, without what judges it: nothing here needs a schema, which take longer to be there
 * than all the rest. What a sidecar does before `ready` keeps to this.
 */
export { BufferPool } from './codec/buffer-pool.js';
export { type EncodeOptions, encodeFrame, type OutgoingFrame } from './codec/encode.js';
export { FrameBatch } from './codec/frame-batch.js';
export { FrameReader } from './codec/frame-reader.js';
export { FrameWriter } from './codec/frame-writer.js';
export { encodeOutputFrameInPlace, MAX_OUTPUT_FRAME_BYTES, newOutputBuffer } from './codec/output-frame.js';
export { ownBytes } from './codec/own-bytes.js';
export { parsePlainInit } from './codec/plain-init.js';
export { ReadBuffer } from './codec/read-buffer.js';
export { scanFrame, type TextVisitor } from './codec/scan.js';
export * from './constants.js';
export * from './faults.js';
