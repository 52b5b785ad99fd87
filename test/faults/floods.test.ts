import { spawn } from 'node:child_process';
import { createHash, type Hash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Task } from '../../protocol/index.js';
import { statusBytes } from '../support/proc-status.js';
import { RawHost } from '../support/raw-host.js';
import { waitFor } from '../support/wait-for.js';
import { isLong } from './support/length.js';

const FLOODS = [1, 2, 3, 4];
const SHORT_TASKS = isLong ? 100 : 25;

/** How many numbers each flood counts up to: some 30 MB, or 2.6 GB. */
const LAST_NUMBER = isLong ? 270_000_000 : 4_000_000;

/** What the figures are held to: those that were promised, or those that any loaded machine keeps. */
const ADDED_LATENCY_MS = isLong ? 250 : 3_000;
const GROWTH_BYTES = isLong ? 32 * 2 ** 20 : 96 * 2 ** 20;

/** How long the slow reading goes on, in ms, at a megabyte a second. */
const SLOW_MS = isLong ? 60_000 : 3_000;

describe.each(['sockets', 'fifos'] as const)('four floods over %s', (transport) => {
  it('delay no short task, hold no memory however slowly they are read, and come whole', {
    timeout: isLong ? 600_000 : 120_000,
  }, async () => {
    const floods = new Map(FLOODS.map((id) => [id, new Flood()]));
    await using host = await RawHost.spawn({
      transport,
      onOutput: ({ id, body }) => floods.get(id)!.take(body.offset, body.data),
    });
    const expected = hashOf('seq', ['1', String(LAST_NUMBER)]);
    const alone = await latencies(host, 1_000);
    const before = statusBytes(host.pid, 'VmRSS');
    for (const id of FLOODS) await host.submit(id, flood);
    const window = host.ready.window.outputBytes;
    await waitFor(() => [...floods.values()].every(({ bytes }) => bytes === window), 'four full windows');
    const beside = await latencies(host, 2_000);
    const added = Math.max(...beside) - Math.max(...alone);
    const stalledGrowth = statusBytes(host.pid, 'VmRSS') - before;
    expect(added).toBeLessThan(ADDED_LATENCY_MS);
    expect(stalledGrowth).toBeLessThan(GROWTH_BYTES);

    for (const id of FLOODS) await host.send('window', id, { outputBytes: 2 ** 45 });
    host.readSlowly({ bytes: 50_000, restMs: 50 });
    let slowGrowth = 0;
    for (const until = performance.now() + SLOW_MS; performance.now() < until; await sleep(500)) {
      slowGrowth = Math.max(slowGrowth, statusBytes(host.pid, 'VmRSS') - before);
    }
    console.info({ transport, added, stalledGrowth, slowGrowth, alone: summary(alone), beside: summary(beside) });
    expect(slowGrowth).toBeLessThan(GROWTH_BYTES);
    host.resumeReading();
    for (const id of FLOODS) {
      const result = await host.resultOf(id, 400_000);
      expect(result).toMatchObject({ status: 'success', stdoutBytes: floods.get(id)!.bytes });
      expect(floods.get(id)!.digest()).toBe(await expected);
    }
  });
});

const flood: Task = {
  command: 'seq',
  args: ['1', String(LAST_NUMBER)],
  output: { mode: 'stream', onOverflow: 'kill' },
  limits: { outputBytes: 2 ** 45, timeoutMs: 600_000, cpuTimeMs: 600_000 },
};

/** The output of one flood, of which only the hash is kept. */
class Flood {
  bytes = 0;
  readonly #hash: Hash = createHash('sha1');

  take(offset: number, data: Uint8Array): void {
    if (offset !== this.bytes) throw new Error(`the output goes on at ${offset} instead of ${this.bytes}`);
    this.bytes += data.byteLength;
    this.#hash.update(data);
  }

  digest(): string {
    return this.#hash.digest('hex');
  }
}

/** How long each of the short tasks takes, one after the other, from its submission to its result, in ms. */
async function latencies(host: RawHost, firstId: number): Promise<number[]> {
  const taken: number[] = [];
  for (let id = firstId; id < firstId + SHORT_TASKS; id += 1) {
    const submittedAt = performance.now();
    await host.submit(id, { command: 'true' });
    const { at, body } = await host.waitFor({ type: 'result', id });
    expect(body.status).toBe('success');
    taken.push(at - submittedAt);
  }
  return taken;
}

function summary(taken: readonly number[]): { median: number; worst: number } {
  const sorted = taken.map(Math.round).sort((a, b) => a - b);
  return { median: sorted[Math.floor(sorted.length / 2)]!, worst: sorted.at(-1)! };
}

/** The hash of what a command writes. */
async function hashOf(command: string, args: readonly string[]): Promise<string> {
  const hash = createHash('sha1');
  for await (const chunk of spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] }).stdout) hash.update(chunk);
  return hash.digest('hex');
}
