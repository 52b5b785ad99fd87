import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { withGrowth } from './loads/memory-growth.js';
import { killed } from './peers/child.js';
import { cpuMs, residentMiB } from './process-figures.js';

describe.skipIf(process.platform !== 'linux')('of a process', () => {
  it('CPU time is counted where it works, and hardly any where it waits', async () => {
    const working = spawn(process.execPath, ['-e', 'for(;;);'], { stdio: 'ignore' });
    const waiting = spawn('sleep', ['600'], { stdio: 'ignore' });
    try {
      await expect.poll(() => cpuMs(working.pid!)).toBeGreaterThan(200);
      expect(cpuMs(waiting.pid!)).toBeLessThan(100);
    } finally {
      await Promise.all([killed(working), killed(waiting)]);
    }
  });

  it('CPU time is that of those that it has waited for as well', async () => {
    const script = 'node=$1; "$node" -e 0; echo; read _';
    const shell = spawn('/bin/sh', ['-c', script, 'sh', process.execPath], { stdio: ['pipe', 'pipe', 'ignore'] });
    try {
      await once(shell.stdout, 'data');
      expect(cpuMs(shell.pid!)).toBeGreaterThanOrEqual(20);
    } finally {
      await killed(shell);
    }
  });

  it('memory is what is resident, at its peak while something is done', async () => {
    let kept: Buffer[] = [];
    const { host } = await withGrowth({ host: process.pid }, async () => {
      kept = Array.from({ length: 64 }, () => Buffer.alloc(1_048_576, 1));
      return {};
    });
    expect(kept).toHaveLength(64);
    expect(host).toBeGreaterThan(40);
    expect(residentMiB(process.pid)).toBeGreaterThan(host!);
  });

  it('there is none where it is gone', async () => {
    const child = spawn('true', { stdio: 'ignore' });
    await once(child, 'exit');
    expect([cpuMs(child.pid!), residentMiB(child.pid!)]).toEqual([0, 0]);
  });
});
