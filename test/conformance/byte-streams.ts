import type { RawFrame } from '../../protocol/index.js';

/** What is to come on one stream of one task: `stdout` and `stderr` of a sidecar, `stdin` of a client. */
export interface WantedBytes {
  readonly id: number;
  readonly stream: string;
  readonly bytes: number;
  /** For stdin: whether its end comes with it. */
  readonly end: boolean;
}

/** Puts together what comes in `output` and `stdin` frames, however it is cut into them. */
export class ByteStreams {
  readonly #offsets = new Map<string, number>();

  /**
   * Takes frames until all that is wanted has come.
   * @throws Error where more comes, or where an offset leaves a gap or overlaps
   */
  async collect(
    { id, stream, bytes, end }: WantedBytes,
    next: (isWanted: (frame: RawFrame) => boolean) => Promise<RawFrame>,
  ): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    let missing = bytes;
    let hasEnded = false;
    while (missing > 0 || (end && !hasEnded)) {
      const { body } = await next((frame) => frame.id === id && isOf(stream, frame));
      const data = body.data instanceof Uint8Array ? body.data : new Uint8Array(0);
      if (stream !== 'stdin') this.#advance(`${stream} of ${id}`, Number(body.offset), data.byteLength);
      missing -= data.byteLength;
      if (missing < 0) throw new Error(`${stream} of ${id}: ${bytes} bytes were expected, ${bytes - missing} came`);
      hasEnded = body.end === true;
      if (hasEnded && missing > 0) throw new Error(`${stream} of ${id}: it ended ${missing} bytes before its end`);
      pieces.push(data);
    }
    return Buffer.concat(pieces);
  }

  #advance(stream: string, offset: number, bytes: number): void {
    const expected = this.#offsets.get(stream) ?? 0;
    if (offset !== expected) throw new Error(`${stream}: it goes on at offset ${offset} instead of ${expected}`);
    this.#offsets.set(stream, expected + bytes);
  }
}

function isOf(stream: string, { type, body }: RawFrame): boolean {
  return stream === 'stdin' ? type === 'stdin' : type === 'output' && body.stream === stream;
}
