import { describe, expect, it } from 'vitest';
import { Random } from '../support/random.js';
import { type Series, trendOf, type Verdict } from './trend.js';

const MIB = 1_048_576;
const SECONDS = 480;

/** Eight minutes of samples, one a second. */
function seriesOf(unit: Series['unit'], at: (minute: number, random: Random) => number): Series {
  const random = new Random(1);
  const points = Array.from({ length: SECONDS }, (_, second) => ({ x: second / 60, y: at(second / 60, random) }));
  return { name: 'a series', unit, points };
}

/** A sawtooth, as garbage collection makes it, of which each second sees another height. */
const garbage = (random: Random) => 20 * MIB * random.next();

const cases: readonly [what: string, series: Series, verdict: Verdict][] = [
  ['a constant', seriesOf('items', () => 20), 'level'],
  ['a sawtooth', seriesOf('bytes', (_, random) => 80 * MIB + garbage(random)), 'level'],
  ['a few that come and go', seriesOf('items', (_, random) => random.integer(4, 12)), 'level'],
  ['a drift of half a MiB', seriesOf('bytes', (minute) => 80 * MIB + (minute * MIB) / 16), 'tolerated'],
  ['a drift of one in a hundred', seriesOf('items', (minute) => 1_000 + minute), 'tolerated'],
  ['one descriptor a minute', seriesOf('items', (minute) => 20 + Math.floor(minute)), 'rising'],
  ['one MiB a minute', seriesOf('bytes', (minute) => 80 * MIB + minute * MIB), 'rising'],
  ['a leak below a sawtooth', seriesOf('bytes', (minute, random) => 4 * MIB * minute + garbage(random)), 'rising'],
  ['what shrinks', seriesOf('bytes', (minute) => 80 * MIB - minute * MIB), 'falling'],
];

describe('the verdict on', () => {
  it.each(cases)('%s', (_, series, verdict) => {
    expect(trendOf(series).verdict).toBe(verdict);
  });
});

it('a trend tells how far a series has drifted, and how far it may', () => {
  const trend = trendOf(seriesOf('bytes', (minute) => 200 * MIB + minute * MIB));
  expect(trend.slopePerMinute.estimate / MIB).toBeCloseTo(1, 3);
  expect(trend.drift / MIB).toBeCloseTo(SECONDS / 60, 1);
  expect(trend.tolerance / MIB).toBeCloseTo(0.02 * 204, 1);
});
