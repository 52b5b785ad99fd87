import { createHash } from 'node:crypto';
import type { SidecarFrame } from '../../../protocol/index.js';
import type { RawHost } from '../../support/raw-host.js';
import { waitFor } from '../../support/wait-for.js';

type OutputFrame = SidecarFrame & { type: 'output' };

/** The output of one task, as it came. */
export function outputOf(host: RawHost, id: number): OutputFrame['body'][] {
  return host.frames.flatMap((frame) => (frame.type === 'output' && frame.id === id ? [frame.body] : []));
}

/** How much output of a task has come, stdout and stderr together. */
export function outputBytes(host: RawHost, id: number): number {
  return outputOf(host, id).reduce((sum, { data }) => sum + data.byteLength, 0);
}

/** The bytes of one stream of a task. Fails where an offset leaves a gap, or overlaps. */
export function streamOf(host: RawHost, id: number, stream: 'stdout' | 'stderr'): Buffer {
  const chunks = outputOf(host, id).filter((output) => output.stream === stream);
  let next = 0;
  for (const { offset, data } of chunks) {
    if (offset !== next) throw new Error(`${stream} of task ${id} goes on at ${offset} instead of ${next}`);
    next += data.byteLength;
  }
  return Buffer.concat(chunks.map(({ data }) => data));
}

/** Sends stdin in pieces of these sizes, over and over, as the window of the task allows, and then its end. */
export async function sendStdin(host: RawHost, id: number, bytes: Uint8Array, sizes: readonly number[]): Promise<void> {
  for (let at = 0, turn = 0; at < bytes.byteLength; turn += 1) {
    await waitFor(() => stdinAllowed(host, id) > at, `stdin window of task ${id}`);
    const size = Math.min(sizes[turn % sizes.length]!, stdinAllowed(host, id) - at);
    await host.send('stdin', id, { data: bytes.subarray(at, at + size) });
    at += size;
  }
  await host.send('stdin', id, { end: true });
}

/** How many bytes of stdin a task may be sent in all, by now. */
export function stdinAllowed(host: RawHost, id: number): number {
  const granted = host.frames.findLast((frame) => frame.type === 'window' && frame.id === id);
  return granted?.type === 'window' ? granted.body.stdinBytes : host.ready.window.stdinBytes;
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
