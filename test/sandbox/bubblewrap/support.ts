import { spawnSync } from 'node:child_process';
import type { SandboxPolicy } from '../../../src/sandbox/bubblewrap/policy.js';
import { findTools } from '../../../src/sandbox/tools.js';
import { isStrict } from '../../support/strict.js';
import { TestSandbox } from '../support/sandbox.js';

/** The ways to make sandboxes, by what there is to make them with. */
export const WAYS = [
  { way: 'is copied from a template', tools: findTools() },
  { way: 'bubblewrap has made by itself', tools: { ...findTools(), perl: null } },
];

/** A manager of the bubblewrap backend, which sandboxes are the first of the ways unless it is given others. */
export async function openBubblewrap(tools = findTools()): Promise<TestSandbox> {
  return TestSandbox.open({ backend: 'bubblewrap', network: false, tools });
}

/** After so long a template is looked at again, which is done once a second at most. */
export const UNTIL_LOOKED_AT_MS = 1_100;

/** Whether tests have to be skipped because there is no bubblewrap here. */
export const withoutBubblewrap = !isStrict && !canUnshare();

function canUnshare(): boolean {
  const works = spawnSync('bwrap', ['--unshare-all', '--ro-bind', '/', '/', 'true']).status === 0;
  if (!works) console.warn('skipped: bwrap cannot make a sandbox here');
  return works;
}

/** A policy of this key. */
export function policy(key: string): SandboxPolicy {
  return {
    key,
    memoryBytes: 1,
    processes: 1,
    cpuPercent: null,
    privateBytes: 1,
    sharedMemoryBytes: 1,
    hasFiles: false,
  };
}
