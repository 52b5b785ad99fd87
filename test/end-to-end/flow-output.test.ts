import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Task } from '../../protocol/index.js';
import { isAlive } from '../support/processes.js';
import { RawHost } from '../support/raw-host.js';
import { waitFor } from '../support/wait-for.js';
import { outputBytes, sha256, streamOf } from './support/streams.js';

const streaming = { output: { mode: 'stream', onOverflow: 'kill' } } as const satisfies Partial<Task>;

describe('streamed output', () => {
  it('comes to the byte as the host allows it, and the process waits for the rest', async () => {
    await using host = await RawHost.spawn();
    const [first, second] = [randomBytes(900_000), randomBytes(700_000)];
    const files = [
      { path: 'first', data: first },
      { path: 'second', data: second },
    ];
    await host.submit(1, { command: 'sh', args: ['-c', 'cat second >&2 & cat first; wait'], files, ...streaming });
    let allowed = host.ready.window.outputBytes;
    await expectExactly(host, 1, allowed);
    const { pid } = (await host.waitFor({ type: 'started', id: 1 })).body;
    for (const more of [1, 7, 65_535, 65_537, 0, 131_071, 3]) {
      allowed += more;
      await host.send('window', 1, { outputBytes: allowed });
      await expectExactly(host, 1, allowed);
    }
    expect(isAlive(pid!)).toBe(true);
    await host.send('window', 1, { outputBytes: 1 });
    await expectExactly(host, 1, allowed);
    await host.send('window', 1, { outputBytes: 10_000_000 });
    const result = await host.resultOf(1);
    expect(result).toMatchObject({ status: 'success', stdoutBytes: 900_000, stderrBytes: 700_000 });
    expect(result).toMatchObject({ truncated: { stdout: false, stderr: false } });
    expect(result.timing.stalledMs).toBeGreaterThan(0);
    expect(sha256(streamOf(host, 1, 'stdout'))).toBe(sha256(first));
    expect(sha256(streamOf(host, 1, 'stderr'))).toBe(sha256(second));
  });

  it('of a process that has ended is kept until the host takes it, and only then the result comes', async () => {
    await using host = await RawHost.spawn({ config: { outputWindowBytes: 10 } });
    await host.submit(1, { command: 'printf', args: ['%s', 'x'.repeat(1_000)], ...streaming });
    const { pid } = (await host.waitFor({ type: 'started', id: 1 })).body;
    await waitFor(() => !isAlive(pid!), 'the end of the process');
    await expectExactly(host, 1, 10);
    expect(resultIds(host)).toEqual([]);
    await host.send('window', 1, { outputBytes: 1_000 });
    expect(await host.resultOf(1)).toMatchObject({ status: 'success', stdoutBytes: 1_000 });
    expect(streamOf(host, 1, 'stdout').toString()).toBe('x'.repeat(1_000));
  });

  it('that waits is dropped by a cancel, and the result says so', async () => {
    await using host = await RawHost.spawn({ config: { outputWindowBytes: 10 } });
    await host.submit(1, { command: 'sh', args: ['-c', 'printf 01234567890123456789; exec sleep 60'], ...streaming });
    await expectExactly(host, 1, 10);
    await host.send('cancel', 1, {});
    const result = await host.resultOf(1);
    expect(result).toMatchObject({ status: 'cancelled', truncated: { stdout: true, stderr: false } });
    expect(streamOf(host, 1, 'stdout').toString()).toBe('0123456789');
  });

  it('that nobody allows delays nobody else', async () => {
    await using host = await RawHost.spawn({ config: { maxConcurrentTasks: 4 } });
    const flood = { command: 'cat', args: ['/dev/zero'], limits: { outputBytes: 2 ** 40 }, ...streaming };
    await host.submit(1, flood);
    await host.submit(2, flood);
    await Promise.all([expectExactly(host, 1, 262_144), expectExactly(host, 2, 262_144)]);
    for (let id = 3; id < 23; id += 1) await host.submit(id, { command: 'echo', args: [String(id)], ...streaming });
    for (let id = 3; id < 23; id += 1) {
      expect(await host.resultOf(id)).toMatchObject({ status: 'success' });
      expect(streamOf(host, id, 'stdout').toString()).toBe(`${id}\n`);
    }
    expect(resultIds(host)).not.toContain(1);
    for (const id of [1, 2]) {
      expect(outputBytes(host, id)).toBe(262_144);
      await host.send('cancel', id, {});
      expect(await host.resultOf(id)).toMatchObject({ status: 'cancelled' });
    }
  });

  it('leaves room for everything else while it floods a host that reads as fast as it can', async () => {
    await using host = await RawHost.spawn();
    await host.submit(1, { command: 'yes', limits: { outputBytes: 2 ** 40 }, ...streaming });
    await host.send('window', 1, { outputBytes: 2 ** 40 });
    await waitFor(() => outputBytes(host, 1) > 1_000_000, 'the flood');
    for (let id = 10; id < 30; id += 1) await host.send('ping', id, { id });
    await host.submit(2, { command: 'echo', args: ['in between'] });
    for (let id = 10; id < 30; id += 1) expect((await host.waitFor({ type: 'pong', id })).body).toEqual({ id });
    expect(await host.resultOf(2)).toMatchObject({ status: 'success' });
    await host.send('cancel', 1, {});
    expect(await host.resultOf(1)).toMatchObject({ status: 'cancelled' });
    expect(new Set(streamOf(host, 1, 'stdout').toString())).toEqual(new Set(['y', '\n']));
  });

  it('comes in chunks of 64 KiB at most', async () => {
    await using host = await RawHost.spawn();
    await host.submit(1, { command: 'head', args: ['-c', '260000', '/dev/zero'], ...streaming });
    await host.resultOf(1);
    const sizes = host.frames.flatMap((frame) => (frame.type === 'output' ? [frame.body.data.byteLength] : []));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(65_536);
    expect(Math.min(...sizes)).toBeGreaterThan(0);
  });
});

/** The output reaches this many bytes, and stays there. */
async function expectExactly(host: RawHost, id: number, bytes: number): Promise<void> {
  await waitFor(() => outputBytes(host, id) >= bytes, `${bytes} bytes of output of task ${id}`);
  await sleep(50);
  expect(outputBytes(host, id)).toBe(bytes);
}

function resultIds(host: RawHost): number[] {
  return host.frames.filter(({ type }) => type === 'result').map(({ id }) => id);
}
