import type { Stats } from 'node:fs';
import { walkFiles } from './walk-files.js';

/**
 * Tells files with several names all of which are in the workspace from those that have a name elsewhere too: such a
 * one may be somebody else's file, which the task could not read but the sidecar can.
 */
export class HardLinks {
  readonly #workspace: string;
  #names: Promise<Map<string, number>> | null = null;

  constructor(workspace: string) {
    this.#workspace = workspace;
  }

  /** Whether every name of the file is in the workspace. The workspace is walked once, where it is asked for. */
  async areInside(file: Stats): Promise<boolean> {
    if (file.nlink <= 1) return true;
    this.#names ??= countNames(this.#workspace);
    return ((await this.#names).get(identityOf(file)) ?? 0) >= file.nlink;
  }
}

async function countNames(workspace: string): Promise<Map<string, number>> {
  const names = new Map<string, number>();
  for await (const file of walkFiles([workspace])) {
    if (file.nlink > 1) names.set(identityOf(file), (names.get(identityOf(file)) ?? 0) + 1);
  }
  return names;
}

function identityOf({ dev, ino }: Stats): string {
  return `${dev}:${ino}`;
}
