import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { PassThrough, type Readable } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import type { OutputRelay } from '../../src/executor/output-relay.js';
import { createGate, isPending } from '../support/gate.js';
import { relayOf, streamOf } from './support/relays.js';

const streamed = { mode: 'stream', onOverflow: 'kill' } as const;

function pumpBoth(relay: OutputRelay, stdout: Readable, stderr: Readable): Promise<unknown> {
  return Promise.all([relay.pump('stdout', stdout), relay.pump('stderr', stderr)]);
}

describe('draining', () => {
  it('ends at once where both streams have ended', async () => {
    const { relay } = relayOf();
    const streams = [streamOf('out'), streamOf('err')] as const;
    await relay.drain(pumpBoth(relay, ...streams), streams);
    expect(relay.records().stdout).toMatchObject({ totalBytes: 3, truncated: false });
  });

  it('takes everything that still comes, as long as something comes', async () => {
    const { relay } = relayOf();
    const [stdout, stderr] = [new PassThrough(), streamOf()];
    const pumps = pumpBoth(relay, stdout, stderr);
    const drained = relay.drain(pumps, [stdout, stderr]);
    for (let at = 0; at < 4; at += 1) {
      await new Promise((resolve) => setTimeout(resolve, 400));
      stdout.write('x');
    }
    stdout.end();
    await drained;
    expect(relay.records().stdout).toMatchObject({ totalBytes: 4, truncated: false });
  });

  it('waits for a listener that holds output back, however silent the streams are', async () => {
    const gate = createGate();
    const { relay } = relayOf({ output: streamed, deliver: () => gate.opened });
    const streams = [streamOf('a', 'b'), streamOf()] as const;
    const drained = relay.drain(pumpBoth(relay, ...streams), streams);
    await new Promise((resolve) => setTimeout(resolve, 1_600));
    expect(await isPending(drained)).toBe(true);
    gate.open();
    await drained;
    expect(relay.records().stdout).toMatchObject({ totalBytes: 2, truncated: false });
    expect(relay.stalledMs).toBeGreaterThan(1_000);
  });
});

describe('a pipe that somebody else holds open', () => {
  const holders: number[] = [];

  afterEach(() => {
    for (const pid of holders.splice(0)) process.kill(pid, 'SIGKILL');
  });

  it('is given up when nothing has come through it for a while, and its output is marked as cut', async () => {
    const { relay } = relayOf();
    const child = spawn('/bin/sh', ['-c', 'sleep 600 & echo $!'], { stdio: ['ignore', 'pipe', 'pipe'] });
    const pumps = pumpBoth(relay, child.stdout, child.stderr);
    await once(child, 'exit');
    await expect.poll(() => relay.records().stdout.totalBytes).toBeGreaterThan(0);
    holders.push(Number(Buffer.from(relay.records().stdout.kept).toString()));
    await relay.drain(pumps, [child.stdout, child.stderr]);
    expect(relay.records().stdout.truncated).toBe(true);
    expect(child.stdout.destroyed).toBe(true);
  });
});

describe('abandoned output', () => {
  it('is delivered no further and marked as cut, while the stream is still read to its end', async () => {
    const gate = createGate();
    const { relay, delivered } = relayOf({ output: streamed, deliver: () => gate.opened });
    const pumping = relay.pump('stdout', streamOf('first', 'second', 'third'));
    await expect.poll(() => delivered.length).toBe(1);
    relay.abandon();
    relay.abandon();
    gate.open();
    await pumping;
    expect(delivered).toHaveLength(1);
    expect(relay.records().stdout).toMatchObject({ totalBytes: 16, truncated: true });
  });

  it('that comes later is not delivered at all', async () => {
    const { relay, delivered } = relayOf({ output: streamed });
    relay.abandon();
    await relay.pump('stderr', streamOf('late'));
    expect(delivered).toEqual([]);
    expect(relay.records().stderr).toMatchObject({ totalBytes: 4, truncated: true });
  });
});

describe('the time that output has waited', () => {
  it('counts once while both streams wait', async () => {
    const gate = createGate();
    const { relay, delivered } = relayOf({ output: streamed, deliver: () => gate.opened });
    const startedAt = performance.now();
    const pumps = pumpBoth(relay, streamOf('a'), streamOf('b'));
    await expect.poll(() => delivered.length).toBe(2);
    await new Promise((resolve) => setTimeout(resolve, 200));
    gate.open();
    await pumps;
    expect(relay.stalledMs).toBeGreaterThan(150);
    expect(relay.stalledMs).toBeLessThanOrEqual(performance.now() - startedAt);
  });

  it('is nothing to speak of where the listener takes output at once', async () => {
    const { relay } = relayOf({ output: streamed });
    await relay.pump('stdout', streamOf('a', 'b', 'c'));
    expect(Math.round(relay.stalledMs)).toBeLessThan(50);
  });
});
