import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { HostFrame } from '../../protocol/index.js';
import { EXECUTABLE } from '../end-to-end/support/executable.js';
import { byteMutations } from './byte-mutations.js';
import { loadCorpus } from './corpus.js';
import { decodeMutants } from './decode-mutants.js';
import { fuzzSidecars } from './fuzz.js';
import { planSession } from './fuzz-session.js';
import { FIRST_OWN_ID, isHarmless } from './harmless.js';
import { growthOf } from './memory-growth.js';
import { Mutants } from './mutants.js';
import { Random } from './random.js';
import { UsedIds } from './used-ids.js';

const MEBIBYTE = 1_048_576;
const corpus = loadCorpus(fileURLToPath(new URL('../../protocol/vectors', import.meta.url)));
const sidecar = [process.execPath, EXECUTABLE, 'serve', '--sandbox', 'process', '--result-cache-size', '100'];

describe('fuzzed frames', () => {
  it('end a sidecar by nothing but a clean protocolError, and leave its memory flat', async () => {
    const numbers = { seed: 4, frames: 8_000, averageFrames: 400 };
    const { frames, sessions, endings, memory } = await fuzzSidecars({
      corpus,
      ...numbers,
      command: sidecar,
      parallel: 2,
    });
    expect(frames).toBeGreaterThanOrEqual(8_000);
    expect(sessions).toBeGreaterThan(5);
    expect(Object.keys(endings).length).toBeGreaterThan(3);
    expect(memory.after - memory.before).toBeLessThan(48 * MEBIBYTE);
  });

  it('are decoded to the same however they are cut, or to the same fault', () => {
    const { verdicts, memory } = decodeMutants(corpus, 4, 10_000);
    expect(Object.keys(verdicts)).toEqual(
      expect.arrayContaining([
        ...['frames', 'unfinished', 'frame_empty', 'frame_too_large', 'decode_failed', 'too_deep'],
        ...['too_many_elements', 'invalid_utf8', 'invalid_frame', 'unknown_type', 'unexpected_frame', 'invalid_body'],
      ]),
    );
    expect(growthOf(memory).after - growthOf(memory).before).toBeLessThan(96 * MEBIBYTE);
  });
});

describe('the fuzzing', () => {
  it('makes the same frames of the same seed, and others of another', () => {
    const bytesOf = (seed: number, index: number) => {
      const plan = planSession(corpus, { seed, index, averageFrames: 50 });
      const batches = [...plan.batches()].flat();
      return Buffer.concat([plan.init.bytes, ...batches, plan.last()?.bytes ?? new Uint8Array(0)]).toString('hex');
    };
    expect(bytesOf(1, 2)).toBe(bytesOf(1, 2));
    expect(bytesOf(1, 2)).not.toBe(bytesOf(2, 2));
    expect(bytesOf(1, 2)).not.toBe(bytesOf(1, 3));
  });

  it('uses no id again in a session that is to last', () => {
    const ids = new UsedIds();
    const ping = (id: number): HostFrame => ({ type: 'ping', id, body: {} });
    const stdin = (id: number): HostFrame => ({ type: 'stdin', id, body: {} });
    const batch: HostFrame = {
      type: 'submitBatch',
      id: 0,
      body: {
        tasks: [
          [8, {}],
          [8, {}],
        ],
      },
    };
    expect([ids.claim([stdin(7)]), ids.claim([ping(7)]), ids.claim([ping(8), ping(9)])]).not.toContain(false);
    expect([
      ids.claim([ping(7)]),
      ids.claim([stdin(7)]),
      ids.claim([ping(10), stdin(10)]),
      ids.claim([batch]),
    ]).not.toContain(true);
    expect(ids.claim([ping(10)])).toBe(true);
    expect(ids.claim([{ type: 'init', id: 0, body: { protocol: 1 } }])).toBe(false);
  });

  it('lets nothing through that could harm anybody, or ends the session', () => {
    const submit = (command: unknown, id = 1) => isHarmless([{ type: 'submit', id, body: { command } }]);
    const batch = (...tasks: [number, unknown][]) => isHarmless([{ type: 'submitBatch', id: 0, body: { tasks } }]);
    expect([submit('true'), submit(5), submit(''), batch([1, { command: 'true' }], [2, null])]).not.toContain(false);
    expect([submit('sh'), submit('true '), submit('true', FIRST_OWN_ID), batch([1, { command: 'rm' }])]).not.toContain(
      true,
    );
    expect(isHarmless([{ type: 'shutdown', id: 0, body: { mode: 'now' } }])).toBe(false);
  });

  it.each(byteMutations.map((mutation) => [mutation.name, mutation] as const))(
    '%s changes what it is given',
    (_, mutate) => {
      const payload = Uint8Array.from({ length: 64 }, (_byte, index) => index);
      const changed = Array.from({ length: 50 }, (_turn, stream) => mutate(payload, new Random(1, stream), corpus));
      expect(changed.some((bytes) => !Buffer.from(bytes).equals(payload))).toBe(true);
      expect(payload[63]).toBe(63);
    },
  );

  it('keeps enough mutants alive to fill a session', () => {
    const mutants = new Mutants(corpus, new Random(1, 1));
    const kinds = Array.from({ length: 1_000 }, () => mutants.next().verdict.kind);
    expect(kinds.filter((kind) => kind === 'frames').length).toBeGreaterThan(200);
    expect(kinds.filter((kind) => kind === 'fault').length).toBeGreaterThan(200);
  });

  it.each([
    ['crashes', 'process.exit(1)', 'it has ended with 1 and no protocolError'],
    ['dies of a signal', 'process.kill(process.pid, "SIGKILL")', 'it has ended with SIGKILL'],
    ['leaves without a word', 'process.exit(65)', 'it has ended with 65 and no protocolError'],
    ['writes text', 'console.log("oops"); setInterval(() => {}, 1000)', 'oops'],
  ])('finds a sidecar that %s, and shows what it was sent', async (_, program, reason) => {
    const run = fuzzSidecars({
      corpus,
      seed: 1,
      frames: 10,
      averageFrames: 5,
      command: [process.execPath, '-e', program],
      parallel: 1,
    });
    await expect(run).rejects.toMatchObject({
      name: 'FuzzFailure',
      message: expect.stringContaining(reason),
      hex: expect.stringMatching(/^(?:[0-9a-f]{2})+$/),
    });
  });
});
