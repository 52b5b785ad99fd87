import type { Measurement } from './alternation.js';
import type { Goal, Line, Unit } from './line.js';
import { type Spread, spreadOf } from './spread.js';

export type Verdict = 'met' | 'missed' | 'not measured';

/** A figure of the first contestant beside that of a peer, or by itself. */
export interface Comparison {
  readonly line: string;
  readonly what: string;
  readonly figure: string;
  readonly unit: Unit;
  readonly ours: Spread | undefined;
  readonly peer: string | undefined;
  readonly theirs: Spread | undefined;
  /** Ours to theirs, round by round: what slows a round down slows both. */
  readonly ratio: Spread | undefined;
  /** Undefined where the peer only shows what could be reached. */
  readonly goal: Goal | undefined;
  readonly verdict: Verdict | undefined;
}

/**
 * Compares each figure of the first contestant with that of each peer that has it. A goal that is a proportion is held
 * against the median of the ratios, one that is not against the worst sample.
 */
export function judge(line: Line, { samples }: Measurement): Comparison[] {
  const [ours, ...peers] = line.contestants.map(({ name }) => name);
  const valuesOf = (name: string, figure: string) =>
    (samples[name] ?? []).flatMap((sample) => (sample[figure] === undefined ? [] : [sample[figure]]));
  return Object.entries(line.figures).flatMap(([figure, unit]) => {
    const own = valuesOf(ours!, figure);
    const base = { line: line.name, what: line.what, figure, unit, ours: spreadOf(own) };
    const alone = line.goals.filter((goal) => goal.figure === figure && goal.against === undefined);
    const compared = peers.flatMap((peer): Comparison[] => {
      const values = valuesOf(peer, figure);
      const goal = line.goals.find((candidate) => candidate.figure === figure && candidate.against === peer);
      if (goal === undefined && values.length === 0) return [];
      const ratio = spreadOf(own.slice(0, values.length).map((value, round) => value / values[round]!));
      const verdict = goal && verdictOn(goal, ratio?.median);
      return [{ ...base, peer, theirs: spreadOf(values), ratio, goal, verdict }];
    });
    const withoutPeer = alone.map((goal): Comparison => {
      const worst = goal.atMost === undefined ? base.ours?.min : base.ours?.max;
      return { ...base, peer: undefined, theirs: undefined, ratio: undefined, goal, verdict: verdictOn(goal, worst) };
    });
    return [...withoutPeer, ...compared];
  });
}

function verdictOn(
  { atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY }: Goal,
  value: number | undefined,
): Verdict {
  if (value === undefined) return 'not measured';
  return value >= atLeast && value <= atMost ? 'met' : 'missed';
}
