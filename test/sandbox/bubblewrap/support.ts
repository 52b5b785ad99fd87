import { spawnSync } from 'node:child_process';
import { TestSandbox } from '../support/sandbox.js';

/** A sandbox of the bubblewrap backend, or why there is none here. */
export async function openBubblewrap(network = false): Promise<TestSandbox> {
  return TestSandbox.open({ backend: 'bubblewrap', network });
}

const strict = process.env.EXEC_SIDECAR_TEST_STRICT === '1';

/** Whether tests have to be skipped because there is no bubblewrap here. */
export const withoutBubblewrap = !strict && !canUnshare();

function canUnshare(): boolean {
  const works = spawnSync('bwrap', ['--unshare-all', '--ro-bind', '/', '/', 'true']).status === 0;
  if (!works) console.warn('skipped: bwrap cannot make a sandbox here');
  return works;
}
