import { execFileSync } from 'node:child_process';
import { isStrict } from './strict.js';

/**
 * Whether a test has to be skipped because a program is not installed, for `it.skipIf(without('python3'))`. Where
 * nothing may be skipped, as in continuous integration, the test runs all the same and fails.
 */
export function without(program: string): boolean {
  if (isStrict || isInstalled(program)) return false;
  console.warn(`skipped: ${program} is not installed`);
  return true;
}

function isInstalled(program: string): boolean {
  try {
    execFileSync('/bin/sh', ['-c', 'command -v "$1"', 'sh', program], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
