import { mkdtemp, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeTree } from '../../../src/sandbox/remove-tree.js';

/** A directory of its own for a test, free of links. Disposing of it removes it. */
export interface TemporaryDirectory extends AsyncDisposable {
  readonly path: string;
}

export async function temporaryDirectory(): Promise<TemporaryDirectory> {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'exec-sidecar-test-')));
  return { path, [Symbol.asyncDispose]: () => removeTree(path) };
}
