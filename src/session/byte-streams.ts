/** Where the frames of the host come from: its end is the host's end. */
export type ByteSource = AsyncIterable<Uint8Array>;

/** Where frames go to the host. */
export interface ByteSink {
  /**
   * Takes in the bytes, which must not be changed before `onWritten` is called: they have left the process, or never
   * will. False: wait for `drained` before the next write.
   */
  write(chunks: readonly Uint8Array[], onWritten?: () => void): boolean;
  /**
   * As `write`, of bytes that may be changed afterwards: of what finds no room at once, `keep` makes what is written later.
   * Undefined, and nothing taken in, where others wait, or this sink cannot write at once.
   */
  writeLent(bytes: Uint8Array, keep: (rest: Uint8Array) => Uint8Array, onWritten?: () => void): boolean | undefined;
  /** Resolves when there is room again, or when the sink is gone. */
  drained(): Promise<void>;
  /** Resolves when everything written has left the process, or the sink is gone. */
  flushed(): Promise<void>;
  /** Aborts when the host no longer reads. */
  readonly gone: AbortSignal;
}
