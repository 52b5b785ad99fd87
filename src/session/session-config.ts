import type { WindowSizes } from '../../protocol/index.js';

/** The settings of a session. Times in ms, sizes in bytes. */
export interface SessionConfig {
  readonly maxFrameBytes: number;
  /** What the host may have under way. */
  readonly window: WindowSizes;
  /** What the end of stdin does with the tasks that are under way. */
  readonly onEof: 'kill' | 'drain';
}
