import type { Contestant, Line, RoundOptions, Sample } from '../line.js';

/** A line that needs nothing but this process. */
export function lineOf(more: Partial<Line> = {}): Line {
  return {
    name: 'a line',
    what: 'something',
    figures: { rate: 'per second' },
    contestants: [],
    goals: [],
    amount: { full: 100, quick: 1 },
    rounds: { full: 3, quick: 2 },
    warmUpRounds: { full: 2, quick: 1 },
    ...more,
  };
}

/** Contestants that write down what happens to them, and do in a round what they are given. */
export class Diary {
  readonly entries: string[] = [];

  contestant(name: string, round: (options: RoundOptions) => Promise<Sample>): Contestant {
    return {
      name,
      open: async () => {
        this.entries.push(`open ${name}`);
        return {
          round: (options) => {
            this.entries.push(`${name} ${options.amount}`);
            return round(options);
          },
          [Symbol.asyncDispose]: async () => void this.entries.push(`close ${name}`),
        };
      },
    };
  }
}
