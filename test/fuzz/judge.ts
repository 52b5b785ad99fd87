import {
  FrameReader,
  type HostFrame,
  type ProtocolErrorCode,
  ProtocolFault,
  parseHostFrame,
} from '../../protocol/index.js';

/** What a receiver makes of a stream by itself, whatever the state of its session. */
export type Verdict = { readonly frames: readonly HostFrame[] } & (
  | { readonly kind: 'frames' }
  /** Nothing is wrong so far, but the last frame is not whole. */
  | { readonly kind: 'unfinished' }
  /** What comes behind `frames` is wrong. */
  | { readonly kind: 'fault'; readonly code: ProtocolErrorCode }
);

/** @throws whatever is not a ProtocolFault: that is what the fuzzing is to find */
export function judge(chunks: Iterable<Uint8Array>): Verdict {
  const reader = new FrameReader();
  const frames: HostFrame[] = [];
  try {
    for (const chunk of chunks) {
      for (const raw of reader.push(chunk)) {
        const frame = parseHostFrame(raw);
        if (frame !== null) frames.push(frame);
      }
    }
  } catch (error) {
    if (error instanceof ProtocolFault) return { kind: 'fault', code: error.code, frames };
    throw error;
  }
  return { kind: reader.pendingBytes > 0 ? 'unfinished' : 'frames', frames };
}
