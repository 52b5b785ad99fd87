import type { Readable } from 'node:stream';

/** How slowly a stream is read: so many bytes at a time, and a rest between two reads, in ms. */
export interface ReadingPace {
  readonly bytes: number;
  readonly restMs: number;
}

/** Reads a stream slowly until it is disposed of. */
export function readAtPace(stream: Readable, pace: ReadingPace, take: (chunk: Uint8Array) => void): Disposable {
  stream.pause();
  const readOnce = () => {
    const available = Math.min(pace.bytes, stream.readableLength);
    const chunk: Uint8Array | null = stream.read(available);
    if (chunk !== null) take(chunk);
  };
  const timer = setInterval(readOnce, pace.restMs);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
