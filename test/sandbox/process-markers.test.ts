import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import type { ProcessEntry } from '../../src/sandbox/process-entry.js';
import { EXECUTION_MARKER, INSTANCE_MARKER, MarkerReader } from '../../src/sandbox/process-markers.js';
import { readProcess } from '../../src/sandbox/process-reader.js';
import { waitFor } from '../support/wait-for.js';

const children: ChildProcess[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill('SIGKILL');
    await once(child, 'close');
  }
});

/** A process with this environment, as a scan sees it once it has become what it is. */
async function start(env: NodeJS.ProcessEnv): Promise<ProcessEntry> {
  const child = spawn('sleep', ['60'], { env: { PATH: process.env.PATH, ...env }, stdio: 'ignore' });
  children.push(child);
  await once(child, 'spawn');
  const entry = readProcess(child.pid!);
  if (entry === null) throw new Error('the process has ended');
  return entry;
}

describe.runIf(process.platform === 'linux')('the markers of a process', () => {
  it('are read out of its environment', async () => {
    const reader = new MarkerReader();
    const marked = await start({
      [INSTANCE_MARKER]: 'instance',
      [EXECUTION_MARKER]: 'execution',
      LARGE: 'x'.repeat(9_999),
    });
    expect(await reader.read(marked)).toEqual({ instanceId: 'instance', executionId: 'execution' });
    expect(await reader.read(await start({ [INSTANCE_MARKER]: 'other' }))).toEqual({
      instanceId: 'other',
      executionId: null,
    });
    expect(await reader.read(await start({}))).toBeNull();
  });

  it('are remembered while it is there, and forgotten when it is gone', async () => {
    const reader = new MarkerReader();
    const entries = [await start({}), await start({}), await start({ [INSTANCE_MARKER]: 'instance' })];
    await waitFor(async () => {
      for (const entry of entries) await reader.read(entry);
      return reader.size === 3;
    }, 'every environment to be there');
    const living = (some: readonly ProcessEntry[]) => new Map(some.map((entry) => [entry.pid, entry]));
    reader.forgetGone(living(entries));
    expect(reader.size).toBe(3);
    reader.forgetGone(living(entries.slice(2)));
    expect(reader.size).toBe(1);
    expect(await reader.read(entries[2]!)).toEqual({ instanceId: 'instance', executionId: null });
    reader.forgetGone(new Map());
    expect(reader.size).toBe(0);
  });
});
