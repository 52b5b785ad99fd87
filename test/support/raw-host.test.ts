import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { descendantsOf, isAlive, pidsWithEnvironment } from './processes.js';
import { RawHost } from './raw-host.js';
import { useTemporaryFolder } from './temporary-folder.js';
import { waitFor } from './wait-for.js';

describe('the raw host', () => {
  const folder = useTemporaryFolder();

  it('opens a session, sends what it is told to and keeps every frame in order', async () => {
    await using host = await RawHost.spawn({ config: { queueSize: 7 } });
    await host.submit(1, { command: 'sh', args: ['-c', 'echo out'] });
    const result = await host.resultOf(1);
    expect(Buffer.from(result.stdout).toString()).toBe('out\n');
    expect(host.ready.window.tasks).toBeGreaterThanOrEqual(7);
    expect(host.frames.map(({ type }) => type).slice(0, 4)).toEqual(['hello', 'ready', 'accepted', 'started']);
    const times = host.frames.map(({ at }) => at);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  it('sees the processes of a task by their descent and by their environment', async () => {
    await using host = await RawHost.spawn();
    await host.submit(1, { command: 'sleep', args: ['60'] });
    const { pid } = (await host.waitFor({ type: 'started', id: 1 })).body;
    const [instance] = await host.traces.folders();
    const bears = (value?: string) => pidsWithEnvironment('EXEC_SIDECAR_INSTANCE', value).includes(pid!);
    expect(descendantsOf(host.pid)).toContain(pid);
    await waitFor(() => bears(), 'the marker in the environment of the task');
    expect(bears(instance)).toBe(true);
    expect(bears('another')).toBe(false);
  });

  it('sends bytes that are no frame and tells how the sidecar ended', async () => {
    await using host = await RawHost.spawn({ autoInit: false });
    await host.sendBytes(Buffer.from('What is this?\n'));
    await host.waitFor((frame) => frame.type === 'protocolError');
    expect(await host.exit).toEqual({ code: 65, signal: null });
    await expect(host.waitFor({ type: 'ready' })).rejects.toThrow(/waited for in vain: the sidecar has ended with 65/);
  });

  it('gives up a frame that does not come in time', async () => {
    await using host = await RawHost.spawn();
    await expect(host.waitFor({ type: 'bye' }, 50)).rejects.toThrow('it did not come within 50 ms');
  });

  it('fails in the end where a process is left, and ends it', async () => {
    const executable = await script(`
      import { spawn } from 'node:child_process';
      const orphan = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
      orphan.unref();
      process.stderr.write(orphan.pid + '\\n');
      process.stdin.resume();
    `);
    const host = await RawHost.spawn({ executable, autoInit: false });
    await waitFor(() => host.stderr.endsWith('\n'), 'the pid of the orphan');
    const orphan = Number(host.stderr);
    expect(isAlive(orphan)).toBe(true);
    await expect(host[Symbol.asyncDispose]()).rejects.toThrow('the processes of the sidecar to be gone');
    await waitFor(() => !isAlive(orphan), 'the orphan to be killed');
  });

  it('fails in the end where something was written that is no frame', async () => {
    const executable = await script(`process.stdout.write('Hello, world!\\n')`);
    const host = await RawHost.spawn({ executable, autoInit: false });
    await host.exit;
    await expect(host[Symbol.asyncDispose]()).rejects.toMatchObject({ code: 'frame_too_large' });
  });

  async function script(text: string): Promise<string> {
    const path = join(folder(), 'program.mjs');
    await writeFile(path, text);
    return path;
  }
});
