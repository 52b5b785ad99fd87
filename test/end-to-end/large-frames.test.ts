import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { encodeFrame, MAX_FRAME_BYTES, type Task } from '../../protocol/index.js';
import { RawHost } from '../support/raw-host.js';

describe('a submission', () => {
  it('as large as a frame may be arrives in pieces of 64 KiB, as stdin and as a file', {
    timeout: 120_000,
  }, async () => {
    await using host = await RawHost.spawn();
    const content = randomBytes(16_600_000);
    const padding = 'p'.repeat(MAX_FRAME_BYTES - content.byteLength - 100_000);
    const tasks: Task[] = [
      { command: 'sha256sum', stdin: content, files: [{ path: 'padding', data: padding }] },
      { command: 'sha256sum', args: ['in'], files: [{ path: 'in', data: content }] },
    ];
    for (const [index, task] of tasks.entries()) {
      await sendPieces(host, encodeFrame({ type: 'submit', id: index + 1, body: task }), 65_536);
    }
    for (const index of tasks.keys()) await expectHash(host, index + 1, content);
  });

  it('of 1 MiB arrives in single bytes', { timeout: 120_000 }, async () => {
    await using host = await RawHost.spawn();
    const content = randomBytes(1_048_576);
    const frame = encodeFrame({ type: 'submit', id: 1, body: { command: 'sha256sum', stdin: content } });
    await sendPieces(host, frame, 1);
    await expectHash(host, 1, content);
  });

  it('arrives in pieces that end anywhere, many frames in one of them', async () => {
    await using host = await RawHost.spawn();
    const content = randomBytes(50_000);
    const frames = Array.from({ length: 40 }, (_, index) =>
      encodeFrame({ type: 'submit', id: index + 1, body: { command: 'sha256sum', stdin: content } }),
    );
    await sendPieces(host, Buffer.concat(frames), 77_777);
    for (const index of frames.keys()) await expectHash(host, index + 1, content);
  });
});

describe('a result', () => {
  it('as large as a frame may be comes whole', async () => {
    await using host = await RawHost.spawn();
    const content = randomBytes(16_500_000);
    await host.submit(1, {
      command: 'cat',
      stdin: content,
      limits: { outputBytes: 20_000_000 },
    });
    const { status, stdout, truncated } = await host.resultOf(1, 60_000);
    expect({ status, truncated }).toEqual({ status: 'success', truncated: { stdout: false, stderr: false } });
    expect(hashOf(stdout)).toBe(hashOf(content));
  });
});

async function sendPieces(host: RawHost, bytes: Uint8Array, size: number): Promise<void> {
  for (let at = 0; at < bytes.byteLength; at += size) await host.sendBytes(bytes.subarray(at, at + size));
}

async function expectHash(host: RawHost, id: number, content: Uint8Array): Promise<void> {
  const { status, stdout } = await host.resultOf(id, 60_000);
  expect(status).toBe('success');
  expect(Buffer.from(stdout).toString().slice(0, 64)).toBe(hashOf(content));
}

function hashOf(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
