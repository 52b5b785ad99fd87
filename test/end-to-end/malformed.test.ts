import { describe, expect, it } from 'vitest';
import { isAlive } from '../support/processes.js';
import { RawHost } from '../support/raw-host.js';
import { waitFor } from '../support/wait-for.js';
import { fillStdout } from './support/fill-stdout.js';
import { hex } from './support/frame-bytes.js';
import { lastWord } from './support/last-word.js';
import { misdeeds } from './support/misdeeds.js';

describe.concurrent('a host that breaks the protocol', () => {
  it.each(misdeeds)('by $what is told $code, once and at last, and its tasks are dead', async (misdeed) => {
    await using host = await RawHost.spawn();
    await host.submit(1, { command: 'sh', args: ['-c', 'setsid sleep 60 & sleep 60'] });
    const { pid } = (await host.waitFor({ type: 'started', id: 1 })).body;
    await host.sendBytes(misdeed.bytes);
    if (misdeed.atEnd) host.closeStdin();
    await lastWord(host, misdeed);
    expect(host.frames.filter(({ type, id }) => type === 'result' && id === 1)).toEqual([]);
    expect(isAlive(pid!)).toBe(false);
  });

  it('by text is quoted its first 64 bytes', async () => {
    await using host = await RawHost.spawn();
    const text = `Traceback (most recent call last):\n  ${'x'.repeat(100)}`;
    await host.sendBytes(Buffer.from(text));
    const { message } = await lastWord(host, { code: 'frame_too_large', named: 'Traceback' });
    expect(message).toContain('x'.repeat(64 - 37));
    expect(message).not.toContain('x'.repeat(65 - 37));
  });

  it.each([
    ['that it does not speak', { protocol: 2 }, 'unsupported_protocol', 'init.protocol: 2', 65],
    ['that is none', {}, 'invalid_body', 'protocol', 65],
    ['with a setting that is wrong', { protocol: 1, config: { queueSize: 0 } }, 'invalid_config', 'queueSize', 78],
    ['with a setting that is unknown', { protocol: 1, config: { qeueSize: 5 } }, 'invalid_config', 'qeueSize', 78],
    [
      'with a sandbox that is not here',
      { protocol: 1, config: { workspaceRoot: '/no/such' } },
      'invalid_config',
      '/no/such',
      78,
    ],
  ] as const)('by an init %s', async (_, body, code, named, exitCode) => {
    await using host = await RawHost.spawn({ autoInit: false });
    await host.send('init', 0, body);
    await lastWord(host, { code, named }, exitCode);
    expect(host.frames.map(({ type }) => type)).toEqual(['hello', 'protocolError']);
  });

  it('by another first frame than init', async () => {
    await using host = await RawHost.spawn({ autoInit: false });
    await host.submit(1, { command: 'true' });
    await lastWord(host, { code: 'unexpected_frame', named: 'init' });
  });

  it('by no init within 10 seconds', async () => {
    await using host = await RawHost.spawn({ autoInit: false });
    const { at } = await host.waitFor({ type: 'hello' });
    await lastWord(host, { code: 'init_timeout', named: '10000 ms' });
    expect(host.frames.at(-1)!.at - at).toBeGreaterThan(9_000);
  });

  it('is told so behind all that it has not read', async () => {
    await using host = await RawHost.spawn();
    const pid = await fillStdout(host);
    await host.sendBytes(hex('00000000'));
    await waitFor(() => !isAlive(pid), 'the end of the task');
    host.resumeReading();
    await lastWord(host, { code: 'frame_empty', named: '0' });
  });
});
