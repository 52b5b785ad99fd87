import { spawnSync } from 'node:child_process';
import { isStrict } from '../../support/strict.js';
import { TestSandbox } from '../support/sandbox.js';

/** A sandbox of the bubblewrap backend, or why there is none here. */
export async function openBubblewrap(network = false): Promise<TestSandbox> {
  return TestSandbox.open({ backend: 'bubblewrap', network });
}

/** Whether tests have to be skipped because there is no bubblewrap here. */
export const withoutBubblewrap = !isStrict && !canUnshare();

function canUnshare(): boolean {
  const works = spawnSync('bwrap', ['--unshare-all', '--ro-bind', '/', '/', 'true']).status === 0;
  if (!works) console.warn('skipped: bwrap cannot make a sandbox here');
  return works;
}
