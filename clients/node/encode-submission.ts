import { encodeFrame, FRAME_HEADER_BYTES, type HostFrame, ProtocolFault } from '../../protocol/index.js';
import { InvalidArgumentError, TooLargeError } from './errors.js';

/** What a session allows a frame that submits tasks. */
export interface SubmissionBounds {
  readonly maxFrameBytes: number;
  /** Bytes of all such frames whose tasks are not started. */
  readonly taskBytes: number;
  /** Tasks that are unfinished. */
  readonly tasks: number;
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

/** Why a frame of `bytes` that submits `tasks` can never be sent within `bounds`; undefined where it can. */
export function misfit(bytes: number, tasks: number, bounds: SubmissionBounds): TooLargeError | undefined {
  if (bytes > bounds.maxFrameBytes + FRAME_HEADER_BYTES) return tooLarge('maxFrameBytes', bytes, bounds);
  if (bytes > bounds.taskBytes) return tooLarge('window.taskBytes', bytes, bounds);
  if (tasks <= bounds.tasks) return undefined;
  const message = `A batch of ${tasks} tasks can never be sent: window.tasks is ${bounds.tasks} (settings queueSize + maxConcurrentTasks)`;
  return new TooLargeError('window.tasks', tasks, bounds.tasks, message);
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
