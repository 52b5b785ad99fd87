import { describe, expect, it } from 'vitest';
import { alternate } from './alternation.js';
import { type Contestant, NotMeasuredError, type Sample } from './line.js';
import { Diary, lineOf } from './support/lines.js';

const never = new AbortController().signal;

/** Counts its rounds. */
function counting(): () => Promise<Sample> {
  let rounds = 0;
  return async () => {
    rounds += 1;
    return { rate: rounds };
  };
}

describe('the contestants of a line', () => {
  it('take turns in every round, and the rounds to warm up do not count', async () => {
    const diary = new Diary();
    const line = lineOf({ contestants: ['a', 'b'].map((name) => diary.contestant(name, counting())) });
    const { samples, notMeasured } = await alternate(line, { quick: false, signal: never });
    const turns = Array.from({ length: 5 }, () => ['a 100', 'b 100']).flat();
    expect(diary.entries).toEqual(['open a', 'open b', ...turns, 'close a', 'close b']);
    expect(samples).toEqual({ a: [3, 4, 5].map((rate) => ({ rate })), b: [3, 4, 5].map((rate) => ({ rate })) });
    expect(notMeasured).toEqual({});
  });

  it('do less where the bench is only tried out', async () => {
    const diary = new Diary();
    const line = lineOf({ contestants: [diary.contestant('a', counting())] });
    const { samples } = await alternate(line, { quick: true, signal: never });
    expect(diary.entries).toEqual(['open a', 'a 1', 'a 1', 'a 1', 'close a']);
    expect(samples.a).toHaveLength(2);
  });

  it('are measured at the same time where the line says so', async () => {
    const diary = new Diary();
    let meet = () => {};
    const met = new Promise<void>((resolve) => {
      meet = resolve;
    });
    const waiting = diary.contestant('a', () => met.then(() => ({ rate: 1 })));
    const coming = diary.contestant('b', async () => {
      meet();
      return { rate: 2 };
    });
    const line = lineOf({ isConcurrent: true, contestants: [waiting, coming] });
    const { samples } = await alternate(line, { quick: true, signal: never });
    expect(samples).toEqual({ a: [{ rate: 1 }, { rate: 1 }], b: [{ rate: 2 }, { rate: 2 }] });
  });

  it('that cannot be had are left out, with the reason', async () => {
    const absent: Contestant = { name: 'b', open: () => Promise.reject(new NotMeasuredError('no compiler')) };
    const line = lineOf({ contestants: [new Diary().contestant('a', counting()), absent] });
    const { samples, notMeasured } = await alternate(line, { quick: true, signal: never });
    expect(Object.keys(samples)).toEqual(['a']);
    expect(notMeasured).toEqual({ b: 'no compiler' });
  });
});

describe('all contestants are disposed of', () => {
  it('where one cannot be started', async () => {
    const diary = new Diary();
    const broken: Contestant = { name: 'b', open: () => Promise.reject(new Error('broken')) };
    const line = lineOf({ contestants: [diary.contestant('a', counting()), broken] });
    await expect(alternate(line, { quick: true, signal: never })).rejects.toThrow('broken');
    expect(diary.entries).toEqual(['open a', 'close a']);
  });

  it('where a round fails', async () => {
    const diary = new Diary();
    const failing = diary.contestant('b', () => Promise.reject(new Error('failed')));
    const line = lineOf({ contestants: [diary.contestant('a', counting()), failing] });
    await expect(alternate(line, { quick: true, signal: never })).rejects.toThrow('failed');
    expect(diary.entries).toEqual(['open a', 'open b', 'a 1', 'b 1', 'close a', 'close b']);
  });

  it('where it is broken off in a round that would not end', async () => {
    const diary = new Diary();
    const aborter = new AbortController();
    const stuck = diary.contestant('a', () => {
      aborter.abort(new Error('interrupted'));
      return new Promise(() => undefined);
    });
    const line = lineOf({ contestants: [stuck] });
    await expect(alternate(line, { quick: true, signal: aborter.signal })).rejects.toThrow('interrupted');
    expect(diary.entries).toEqual(['open a', 'a 1', 'close a']);
  });

  it('where it is broken off before anything has begun, for there are none', async () => {
    const diary = new Diary();
    const line = lineOf({ contestants: [diary.contestant('a', counting())] });
    const signal = AbortSignal.abort(new Error('interrupted'));
    await expect(alternate(line, { quick: true, signal })).rejects.toThrow('interrupted');
    expect(diary.entries).toEqual([]);
  });
});
