import type { Readable, Writable } from 'node:stream';
import type { SidecarOptions } from '../sidecar/index.js';

/** What the process gives to a subcommand. */
export interface CliIo {
  readonly stdin: Readable;
  /**
   * Reads `stdin` in the fastest way, and keeps it from everybody else. Null where it is a terminal. To be called once,
   * instead of reading `stdin`.
   */
  takeStdin(): SidecarOptions['input'] | null;
  /** The real stdout. `process.stdout` and `console` lead to stderr, so that nobody else writes here. */
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly fd?: number };
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The path of the executable itself. */
  readonly executable: string;
  /** Imports the module at a URL, which code from a code cache cannot do itself. */
  readonly importModule: (url: string) => Promise<unknown>;
  /** Aborts at SIGTERM, with the name of the signal as its reason. */
  readonly termination: AbortSignal;
  /**
   * Calls back at each SIGINT until the returned function is called. The first listener is also told of one that came
   * before it was there; where nobody ever listens, SIGINT does nothing.
   */
  onInterrupt(listener: () => void): () => void;
}

/** Writes text and waits until it has left the process, or cannot any more. */
export function writeText(stream: Writable, text: string): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed) resolve();
    else stream.write(text, () => resolve());
  });
}
