import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { MAX_OUTPUT_CHUNK_BYTES } from '../../protocol/index.js';
import { createGate, isPending } from '../support/gate.js';
import { relayOf, streamOf } from './support/relays.js';

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

describe('collected output', () => {
  it('comes out as it went in, for each stream apart', async () => {
    const { relay } = relayOf();
    await Promise.all([relay.pump('stdout', streamOf('out', 'put')), relay.pump('stderr', streamOf('err'))]);
    const { stdout, stderr } = relay.records();
    expect([text(stdout.kept), stdout.totalBytes, stdout.truncated]).toEqual(['output', 6, false]);
    expect([text(stderr.kept), stderr.totalBytes, stderr.truncated]).toEqual(['err', 3, false]);
  });

  it('delivers nothing on the way', async () => {
    const { relay, delivered } = relayOf();
    await relay.pump('stdout', streamOf('abc'));
    expect(delivered).toEqual([]);
  });

  it('is only counted where it is discarded', async () => {
    const { relay, delivered } = relayOf({ output: { mode: 'discard', onOverflow: 'kill' } });
    await relay.pump('stdout', streamOf('abc'));
    const { stdout } = relay.records();
    expect([stdout.kept.byteLength, stdout.totalBytes, stdout.truncated]).toEqual([0, 3, false]);
    expect(delivered).toEqual([]);
  });

  it('shares what a result may hold: a stream that needs less leaves the rest to the other', async () => {
    const { relay } = relayOf({ retainBytes: 10 });
    await relay.pump('stdout', streamOf('0123456789abcdef'));
    await relay.pump('stderr', streamOf('xy'));
    const { stdout, stderr } = relay.records();
    expect([text(stdout.kept), stdout.truncated]).toEqual(['0123cdef', true]);
    expect([text(stderr.kept), stderr.truncated]).toEqual(['xy', false]);
  });

  it('gives each stream its half where both are too much', async () => {
    const { relay } = relayOf({ retainBytes: 9 });
    await relay.pump('stdout', streamOf('a'.repeat(50)));
    await relay.pump('stderr', streamOf('b'.repeat(50)));
    const { stdout, stderr } = relay.records();
    expect([stdout.kept.byteLength, stderr.kept.byteLength]).toEqual([4, 5]);
    expect([stdout.totalBytes, stderr.totalBytes]).toEqual([50, 50]);
  });

  it('is marked as cut where its stream breaks', async () => {
    const { relay } = relayOf();
    const broken = Readable.from(
      (async function* () {
        yield Buffer.from('abc');
        throw new Error('broken');
      })(),
    );
    await relay.pump('stdout', broken);
    const { stdout } = relay.records();
    expect([text(stdout.kept), stdout.truncated]).toEqual(['abc', true]);
  });
});

describe('the output limit', () => {
  it('allows exactly as much as it says, both streams together', async () => {
    const { relay, limits } = relayOf({ limitBytes: 6 });
    await relay.pump('stdout', streamOf('abc'));
    await relay.pump('stderr', streamOf('def'));
    expect(limits).toEqual([]);
    expect(relay.evidence).toBeNull();
  });

  it('tells once that it was passed, with the bytes that had come by then', async () => {
    const { relay, limits } = relayOf({ limitBytes: 5 });
    await relay.pump('stdout', streamOf('abc', 'def', 'ghi'));
    expect(limits).toEqual([
      { limit: 'outputBytes', capacity: 5, observed: 6, enforcedBy: 'counter', confidence: 'measured' },
    ]);
    expect(relay.evidence).toEqual(limits[0]);
  });

  it('keeps nothing beyond it where it kills', async () => {
    const { relay } = relayOf({ limitBytes: 5 });
    await relay.pump('stdout', streamOf('abc', 'def', 'ghi'));
    const { stdout } = relay.records();
    expect([text(stdout.kept), stdout.totalBytes, stdout.truncated]).toEqual(['abcde', 9, true]);
  });

  it('keeps head and tail of everything where it truncates', async () => {
    const output = { mode: 'collect', onOverflow: 'truncate' } as const;
    const { relay } = relayOf({ limitBytes: 6, retainBytes: 6, output });
    await relay.pump('stdout', streamOf('abc', 'def', 'ghi'));
    const { stdout } = relay.records();
    expect([text(stdout.kept), stdout.totalBytes, stdout.truncated]).toEqual(['abcghi', 9, true]);
  });

  it('of 0 bytes is passed by the first byte', async () => {
    const { relay, limits } = relayOf({ limitBytes: 0 });
    await relay.pump('stdout', streamOf('a'));
    expect(limits).toHaveLength(1);
    expect(relay.records().stdout).toMatchObject({ totalBytes: 1, truncated: true });
  });

  it('is tracked until the relay is disposed of, and warns at 80 %', async () => {
    const { relay, registry, warnings } = relayOf({ limitBytes: 10 });
    await relay.pump('stdout', streamOf('1234567'));
    expect(warnings).toEqual([]);
    await relay.pump('stdout', streamOf('8'));
    expect(warnings).toMatchObject([{ limit: 'outputBytes', kind: 'near', observed: 8, scope: 'execution' }]);
    relay[Symbol.dispose]();
    expect(registry.snapshot()).toEqual([]);
  });
});

describe('streamed output', () => {
  const output = { mode: 'stream', onOverflow: 'kill' } as const;

  it('is delivered in pieces of at most 64 KiB whose offsets join up, and not kept', async () => {
    const { relay, delivered } = relayOf({ output });
    const big = Buffer.alloc(200_000, 'x');
    await relay.pump('stdout', Readable.from([big, Buffer.from('end')]));
    expect(Math.max(...delivered.map(({ data }) => data.byteLength))).toBe(MAX_OUTPUT_CHUNK_BYTES);
    let expectedOffset = 0;
    for (const { offset, data } of delivered) {
      expect(offset).toBe(expectedOffset);
      expectedOffset += data.byteLength;
    }
    expect(expectedOffset).toBe(200_003);
    expect(relay.records().stdout).toMatchObject({ totalBytes: 200_003, truncated: false });
    expect(relay.records().stdout.kept.byteLength).toBe(0);
  });

  it('counts offsets for each stream apart', async () => {
    const { relay, delivered } = relayOf({ output });
    await relay.pump('stdout', streamOf('abc'));
    await relay.pump('stderr', streamOf('de'));
    await relay.pump('stdout', streamOf('f'));
    expect(delivered.map(({ stream, offset }) => [stream, offset])).toEqual([
      ['stdout', 0],
      ['stderr', 0],
      ['stdout', 3],
    ]);
  });

  it('ends at the limit, to the byte', async () => {
    for (const onOverflow of ['kill', 'truncate'] as const) {
      const { relay, delivered } = relayOf({ output: { mode: 'stream', onOverflow }, limitBytes: 4 });
      await relay.pump('stdout', streamOf('abc', 'def', 'ghi'));
      expect(delivered.map(({ data }) => text(data))).toEqual(['abc', 'd']);
      expect(relay.records().stdout).toMatchObject({ totalBytes: 9, truncated: true });
    }
  });

  it('is not read on while the listener holds it back', async () => {
    const gate = createGate();
    const { relay, delivered } = relayOf({ output, deliver: () => gate.opened });
    let read = 0;
    const chunks = (function* () {
      for (; read < 100; read += 1) yield Buffer.alloc(10_000);
    })();
    const pumping = relay.pump('stdout', Readable.from(chunks));
    await expect.poll(() => delivered.length).toBe(1);
    expect(await isPending(pumping)).toBe(true);
    expect(read).toBeLessThan(5);
    gate.open();
    await pumping;
    expect(relay.records().stdout.totalBytes).toBe(1_000_000);
  });
});
