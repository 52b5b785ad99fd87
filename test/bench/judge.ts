import type { Measurement } from './alternation.js';
import type { Goal, Line, Unit } from './line.js';
import { type Spread, spreadOf } from './spread.js';

export type Verdict = 'met' | 'missed' | 'not measured';

/** A figure of the first contestant beside that of a peer, or by itself. What was not measured is undefined. */
export interface Comparison {
  readonly line: string;
  readonly figure: string;
  readonly unit: Unit;
  readonly ours: Spread | undefined;
  readonly peer: Peer | undefined;
  /** Undefined where this only shows what could be reached. */
  readonly goal: Goal | undefined;
  /** Undefined where there is no goal. */
  readonly verdict: Verdict | undefined;
}

export interface Peer {
  readonly name: string;
  readonly theirs: Spread | undefined;
  /** Ours to theirs, round by round: what slows a round down slows both. */
  readonly ratio: Spread | undefined;
}

/**
 * Sets each figure of the first contestant beside its goals and the same figure of the peers. A goal that is a proportion
 * is held against the median of the ratios; one that is not, against the worst sample.
 */
export function judge(line: Line, { samples }: Measurement): Comparison[] {
  const [ours = '', ...peers] = line.contestants.map(({ name }) => name);
  return Object.entries(line.figures).flatMap(([figure, unit]): Comparison[] => {
    const valuesOf = (name: string) => (samples[name] ?? []).flatMap((sample) => sample[figure] ?? []);
    const own = valuesOf(ours);
    const goals = line.goals.filter((goal) => goal.figure === figure);
    const base = { line: line.name, figure, unit, ours: spreadOf(own) };

    const alone = goals
      .filter(({ against }) => against === undefined)
      .map((goal) => ({ ...base, peer: undefined, goal, verdict: verdictOn(goal, worst(goal, base.ours)) }));
    const compared = peers.flatMap((name) => {
      const values = valuesOf(name);
      const goal = goals.find(({ against }) => against === name);
      if (goal === undefined && values.length === 0) return [];
      const peer = { name, theirs: spreadOf(values), ratio: spreadOf(ratios(own, values)) };
      return [{ ...base, peer, goal, verdict: goal && verdictOn(goal, peer.ratio?.median) }];
    });
    const rows = [...alone, ...compared];
    return rows.length > 0 ? rows : [{ ...base, peer: undefined, goal: undefined, verdict: undefined }];
  });
}

/** None where there is nothing to divide by. */
function ratios(ours: readonly number[], theirs: readonly number[]): number[] {
  return ours.map((value, round) => value / (theirs[round] ?? 0)).filter(Number.isFinite);
}

function worst({ atMost }: Goal, spread: Spread | undefined): number | undefined {
  return atMost === undefined ? spread?.min : spread?.max;
}

function verdictOn(goal: Goal, value: number | undefined): Verdict {
  if (value === undefined) return 'not measured';
  const { atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY } = goal;
  return value >= atLeast && value <= atMost ? 'met' : 'missed';
}
