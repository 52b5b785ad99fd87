import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { RawHost } from '../support/raw-host.js';
import { useStrongestSandbox } from '../support/strongest-sandbox.js';
import { sendStdin, sha256, stdinAllowed, streamOf } from './support/streams.js';

useStrongestSandbox();

const PIPE_BYTES = 65_536;

describe('streamed stdin', () => {
  it('reaches its process whole and in order, in pieces of any size', async () => {
    await using host = await RawHost.spawn();
    const pieces: readonly (readonly number[])[] = [[262_144], [65_536], [1, 2, 3, 1_000], [99_999, 1]];
    const contents = pieces.map((sizes) => randomBytes(Math.min(1_500_000, 2_000 * Math.max(...sizes))));
    await Promise.all(
      pieces.map(async (sizes, index) => {
        const id = index + 1;
        await host.submit(id, { command: 'sha256sum', stdin: { stream: true } });
        await sendStdin(host, id, contents[index]!, sizes);
        expect(Buffer.from((await host.resultOf(id)).stdout).toString()).toContain(sha256(contents[index]!));
      }),
    );
  });

  it('and streamed output go on together, each under its own small window', async () => {
    await using host = await RawHost.spawn({ config: { stdinWindowBytes: 1_000, outputWindowBytes: 500 } });
    const content = randomBytes(20_000);
    const output = { mode: 'stream', onOverflow: 'kill' } as const;
    await host.submit(1, { command: 'cat', stdin: { stream: true }, output });
    const sending = sendStdin(host, 1, content, [333]);
    await host.waitFor({ type: 'started', id: 1 });
    for (let allowed = 500; allowed < 20_000; allowed += 1_500) {
      await host.send('window', 1, { outputBytes: allowed });
      await sleep(5);
    }
    await host.send('window', 1, { outputBytes: 20_000 });
    await sending;
    expect(await host.resultOf(1)).toMatchObject({ status: 'success', stdoutBytes: 20_000 });
    expect(sha256(streamOf(host, 1, 'stdout'))).toBe(sha256(content));
  });

  it('is granted no further than its process reads', async () => {
    await using host = await RawHost.spawn();
    const { stdinBytes } = host.ready.window;
    await host.submit(1, { command: 'sleep', args: ['60'], stdin: { stream: true } });
    await host.waitFor({ type: 'started', id: 1 });
    await host.send('stdin', 1, { data: new Uint8Array(stdinBytes) });
    await host.send('ping', 2, {});
    await host.waitFor({ type: 'pong', id: 2 });
    await sleep(300);
    expect(stdinAllowed(host, 1)).toBeLessThanOrEqual(stdinBytes + 2 * PIPE_BYTES);
    await host.send('cancel', 1, {});
    expect(await host.resultOf(1)).toMatchObject({ status: 'cancelled' });
  });

  it('that comes before its process is started waits for it', async () => {
    await using host = await RawHost.spawn({ config: { maxConcurrentTasks: 1 } });
    await host.submit(1, { command: 'sleep', args: ['0.3'] });
    await host.submit(2, { command: 'cat', stdin: { stream: true } });
    await host.send('stdin', 2, { data: Buffer.from('early '), end: false });
    await host.send('stdin', 2, { data: Buffer.from('bird'), end: true });
    expect(Buffer.from((await host.resultOf(2)).stdout).toString()).toBe('early bird');
  });

  it('that its process does not want is taken and dropped, and never holds the host back', async () => {
    await using host = await RawHost.spawn();
    await host.submit(1, { command: 'sh', args: ['-c', 'exec 0<&-; exec sleep 60'], stdin: { stream: true } });
    await host.waitFor({ type: 'started', id: 1 });
    await sendStdin(host, 1, new Uint8Array(2_000_000), [100_000]);
    await host.send('cancel', 1, {});
    expect(await host.resultOf(1)).toMatchObject({ status: 'cancelled' });
  });
});
