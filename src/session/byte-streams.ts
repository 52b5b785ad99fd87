/** Where the frames of the host come from: its end is the host's end. */
export type ByteSource = AsyncIterable<Uint8Array>;

/** Where frames go to the host. */
export interface ByteSink {
  /**
   * Takes in the bytes, which must not be changed before `onWritten` is called: they have left the process, or never
   * will. False: wait for `drained` before the next write.
   */
  write(chunks: readonly Uint8Array[], onWritten?: () => void): boolean;
  /** Resolves when there is room again, or when the sink is gone. */
  drained(): Promise<void>;
  /** Resolves when everything written has left the process, or the sink is gone. */
  flushed(): Promise<void>;
  /** Aborts when the host no longer reads. */
  readonly gone: AbortSignal;
}
