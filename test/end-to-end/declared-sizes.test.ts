import { describe, expect, it } from 'vitest';
import { statusBytes } from '../support/proc-status.js';
import { isAlive } from '../support/processes.js';
import { RawHost } from '../support/raw-host.js';
import { waitFor } from '../support/wait-for.js';
import { fillStdout } from './support/fill-stdout.js';
import { hex } from './support/frame-bytes.js';
import { lastWord } from './support/last-word.js';

const MEGABYTE = 1_048_576;

describe('what a frame declares costs nothing', () => {
  it('where 10 bytes of 16 MiB have come, and the rest does not', async () => {
    await using host = await RawHost.spawn({ heartbeatMs: 50 });
    await nextHeartbeat(host);
    const before = memoryOf(host.pid);
    await host.sendBytes(Buffer.concat([hex('00ffffff'), new Uint8Array(10)]));
    for (let beats = 0; beats < 4; beats += 1) await nextHeartbeat(host);
    const after = memoryOf(host.pid);
    expect(after.peak - before.peak).toBeLessThan(6 * MEGABYTE);
    expect(after.data - before.data).toBeLessThan(6 * MEGABYTE);
    host.closeStdin();
    await lastWord(host, { code: 'frame_truncated', named: '14 of the 16777219 bytes' });
  });

  it.each([
    ['an array declares 2^32 - 1 elements', hex('00000005 ddffffffff')],
    ['each of 15 arrays declares as many elements as bytes remain', fullOfPromises()],
  ])('where %s', async (_, bytes) => {
    await using host = await RawHost.spawn();
    const pid = await fillStdout(host);
    const before = memoryOf(host.pid).peak;
    await host.sendBytes(bytes);
    // The last word cannot leave while this host does not read: so long the sidecar stays, and can be looked at.
    await waitFor(() => !isAlive(pid), 'the end of the task');
    const after = memoryOf(host.pid).peak;
    expect(after).toBeGreaterThan(0);
    expect(after - before).toBeLessThan(48 * MEGABYTE);
    host.resumeReading();
    await lastWord(host, { code: 'too_many_elements', named: '' });
  });
});

async function nextHeartbeat(host: RawHost): Promise<void> {
  const seen = host.frames.length;
  await waitFor(() => host.frames.slice(seen).some(({ type }) => type === 'heartbeat'), 'a heartbeat');
}

/** What a process has had resident at most, and has allocated now, touched or not; in bytes. */
function memoryOf(pid: number): { readonly peak: number; readonly data: number } {
  return { peak: statusBytes(pid, 'VmHWM'), data: statusBytes(pid, 'VmData') };
}

/** A frame of 4 MiB - 1 that begins with 15 arrays, one in the other. */
function fullOfPromises(): Uint8Array {
  const heads = hex('dd003fff00'.repeat(15));
  return Buffer.concat([hex('003fffff'), heads, new Uint8Array(0x3fffff - heads.byteLength)]);
}
