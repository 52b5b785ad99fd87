/** How a figure is shown, and what it is counted in. */
export type Unit = 'per second' | 'ms' | 'MiB' | 'MiB per second' | '%' | 'ratio';

/** What one contestant measured in one round, by the names of the figures. A figure may be missing. */
export type Sample = Readonly<Record<string, number>>;

/** What a round has to do with. */
export interface RoundOptions {
  /** How much is done: what it counts is said by the line. */
  readonly amount: number;
  readonly signal: AbortSignal;
}

/** A contestant that is ready for rounds. */
export interface Runner extends AsyncDisposable {
  round(options: RoundOptions): Promise<Sample>;
}

/** Something that is measured: the sidecar, a peer of it, or a limit of the machine. */
export interface Contestant {
  readonly name: string;
  /** @throws NotMeasuredError where it cannot be had on this machine */
  readonly open: () => Promise<Runner>;
}

/** What a figure of the first contestant has to reach: by itself, or in proportion to the same figure of a peer. */
export interface Goal {
  readonly figure: string;
  /** The name of the contestant that it is compared with; by itself where there is none. */
  readonly against?: string;
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** An amount that is smaller where only the bench itself is tried out. */
export interface Extent {
  readonly full: number;
  readonly quick: number;
}

/** A line of the bench: contestants that do the same, and what has to come of it. */
export interface Line {
  /** By which it is chosen. */
  readonly name: string;
  /** What is done, for people. */
  readonly what: string;
  readonly figures: Readonly<Record<string, Unit>>;
  /** The sidecar comes first. */
  readonly contestants: readonly Contestant[];
  readonly goals: readonly Goal[];
  readonly amount: Extent;
  readonly rounds: Extent;
  /** Rounds before those that count. */
  readonly warmUpRounds: Extent;
  /** Whether the contestants do a round side by side, because it is of waiting only. */
  readonly isConcurrent?: boolean;
}

/** A contestant cannot be measured on this machine; the message says why. */
export class NotMeasuredError extends Error {
  override readonly name = 'NotMeasuredError';
}
