import type { ExitStatus } from './backend.js';

/** How a command ended. */
export interface CommandExit extends ExitStatus {
  /** Whether it is certain that nothing that descends from it was left at that moment: then nothing ever will be. */
  readonly leftNobody: boolean;
}
