import { encodeFrame, type HostFrame, ProtocolFault } from '../../protocol/index.js';
import { InvalidArgumentError, TooLargeError } from './errors.js';

/** What a session allows a frame that submits tasks, in bytes. */
export interface SubmissionBounds {
  readonly maxFrameBytes: number;
  readonly taskBytes: number;
}

/**
 * Encodes a frame that submits tasks.
 *
 * @param field how its content is called in errors
 * @throws TooLargeError where it exceeds a bound, so that it could never be sent
 * @throws InvalidArgumentError where it holds what no frame can carry
 */
export function encodeSubmission(frame: HostFrame, field: string, bounds: SubmissionBounds): Uint8Array {
  const encoded = encode(frame, field, bounds);
  if (encoded.byteLength > bounds.taskBytes) throw tooLarge('window.taskBytes', encoded.byteLength, bounds);
  return encoded;
}

function encode(frame: HostFrame, field: string, bounds: SubmissionBounds): Uint8Array {
  try {
    return encodeFrame(frame, { maxFrameBytes: bounds.maxFrameBytes });
  } catch (error) {
    if (!(error instanceof ProtocolFault)) throw error;
    if (error.code === 'frame_too_large') throw tooLarge('maxFrameBytes', Number(error.detail?.bytes), bounds);
    throw new InvalidArgumentError(field, `made of what a frame can carry: ${error.message}`, { cause: error });
  }
}

function tooLarge(limit: 'maxFrameBytes' | 'window.taskBytes', bytes: number, bounds: SubmissionBounds): TooLargeError {
  const { maxFrameBytes, taskBytes } = bounds;
  const capacity = limit === 'maxFrameBytes' ? maxFrameBytes : taskBytes;
  const message =
    `A submission of ${bytes} bytes exceeds ${limit}, so it can never be sent: ` +
    `maxFrameBytes is ${maxFrameBytes}, window.taskBytes is ${taskBytes}`;
  return new TooLargeError(limit, bytes, capacity, message);
}
