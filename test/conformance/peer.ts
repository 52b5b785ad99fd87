import type { FrameInbox } from './frame-inbox.js';

/** How the other side has ended: its exit code, or the name of a signal. */
export type PeerExit = number | string;

/** The other side of a connection, which is checked. */
export interface Peer extends AsyncDisposable {
  readonly inbox: FrameInbox;
  /** Sends bytes as they are. Resolves when the pipe has taken them, or is broken. */
  write(bytes: Uint8Array): Promise<void>;
  /** Closes what the peer reads. */
  endSending(): void;
  /** Closes what the peer writes. */
  endReading(): void;
  /** Sends it a signal. */
  signal(name: NodeJS.Signals): void;
  /** Resolves when it has ended. Null for one whose end cannot be seen from here. */
  readonly exit: Promise<PeerExit> | null;
  /** The last of what it wrote to stderr. */
  readonly log: string;
}
