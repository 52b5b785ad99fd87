import { FRAME_HEADER_BYTES, MAX_FRAME_BYTES } from '../constants.js';
import { ProtocolFault } from '../faults.js';
import { quoteBytes } from './quote-bytes.js';

/** A frame that declares no payload. */
export function frameEmpty(): ProtocolFault {
  return new ProtocolFault('frame_empty', 'the frame length is 0, but a frame has at least 1 byte');
}

/**
 * A frame that declares more than `maxFrameBytes`. A length beyond every maximum is likely to be text that strayed into
 * the stream, so the message then quotes the first bytes `received`, the header among them.
 */
export function frameTooLarge(length: number, maxFrameBytes: number, received: Uint8Array): ProtocolFault {
  const message = `the frame length ${length} exceeds the maximum of ${maxFrameBytes} bytes (setting maxFrameBytes)`;
  if (length <= MAX_FRAME_BYTES) {
    return new ProtocolFault('frame_too_large', message, { length, maxFrameBytes });
  }
  const quoted = quoteBytes(received);
  return new ProtocolFault(
    'frame_too_large',
    `${message}; this looks like text rather than a frame, and begins with ${quoted}`,
    { length, maxFrameBytes, received: quoted },
  );
}

/**
 * A stream that ends after `arrived` of the `expected` bytes of a frame, header included; of the header alone where that
 * is not whole. The message quotes the bytes where they cannot be the beginning of a frame.
 */
export function frameTruncated(arrived: number, expected: number, received: Uint8Array): ProtocolFault {
  const what = expected === FRAME_HEADER_BYTES ? 'a frame length' : 'a frame';
  const stray = received[0] === 0 ? '' : `; the bytes are ${quoteBytes(received)}`;
  return new ProtocolFault(
    'frame_truncated',
    `the stream ended after ${arrived} of the ${expected} bytes of ${what}${stray}`,
    { arrived, expected },
  );
}
