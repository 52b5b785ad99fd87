import { availableParallelism, cpus, release, totalmem } from 'node:os';
import type { Measurement } from './alternation.js';
import { type Comparison, judge } from './judge.js';
import type { Line } from './line.js';

/** A bench: on what, when, and all that came of it. */
export interface BenchReport {
  readonly date: string;
  readonly node: string;
  readonly machine: {
    readonly platform: string;
    readonly kernel: string;
    readonly processor: string;
    readonly cores: number;
    readonly memoryBytes: number;
  };
  /** Whether the bench itself was only tried out: its figures say nothing then. */
  readonly quick: boolean;
  readonly lines: readonly LineReport[];
}

export interface LineReport extends Measurement {
  readonly name: string;
  readonly what: string;
  readonly comparisons: readonly Comparison[];
}

export function newReport(quick: boolean): BenchReport {
  return {
    date: new Date().toISOString(),
    node: process.version,
    machine: {
      platform: `${process.platform} ${process.arch}`,
      kernel: release(),
      processor: cpus()[0]?.model ?? 'unknown',
      cores: availableParallelism(),
      memoryBytes: totalmem(),
    },
    quick,
    lines: [],
  };
}

export function reportLine(line: Line, measurement: Measurement): LineReport {
  return { name: line.name, what: line.what, ...measurement, comparisons: judge(line, measurement) };
}
