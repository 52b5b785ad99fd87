import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { bundle } from '../support/bundle.js';

describe('watching the parent', () => {
  it('tells once that it has ended, and not before', async () => {
    await using program = await bundle(new URL('./support/parent-watcher.ts', import.meta.url));
    // The shell is the parent; what it has started goes on when it has read a line and ended.
    const shell = spawn('sh', ['-c', '"$@" & read -r _', 'sh', process.execPath, program.path]);
    const said: string[] = [];
    shell.stdout.setEncoding('utf8').on('data', (text: string) => said.push(text));
    await expect.poll(() => said.join('')).toBe('watching\n');
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(said.join('')).toBe('watching\n');
    shell.stdin.end('\n');
    await once(shell, 'close');
    expect(said.join('')).toBe('watching\nended\n');
  });
});
