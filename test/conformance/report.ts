/** What became of one transcript. */
export interface Outcome {
  readonly name: string;
  readonly shows: string;
  readonly plays: 'host' | 'sidecar';
  readonly passed: boolean;
  /** How long it took, in ms. */
  readonly ms: number;
  readonly steps: number;
  /** Of one that failed: the line of the step, why, and the last of what the sidecar wrote to stderr. */
  readonly line?: number;
  readonly reason?: string;
  readonly log?: string;
}

/** What became of all of them. */
export interface Report {
  readonly command: readonly string[];
  readonly passed: number;
  readonly failed: number;
  readonly transcripts: readonly Outcome[];
}

export function reportOf(command: readonly string[], transcripts: readonly Outcome[]): Report {
  const passed = transcripts.filter((outcome) => outcome.passed).length;
  return { command, passed, failed: transcripts.length - passed, transcripts };
}

/** The report as a table, and below it why each failure is one. */
export function reportText({ command, passed, failed, transcripts }: Report): string {
  const width = Math.max(0, ...transcripts.map(({ name }) => name.length));
  const rows = transcripts.map((outcome) => {
    const verdict = outcome.passed ? 'pass' : 'FAIL';
    return `${verdict}  ${outcome.name.padEnd(width)}  ${String(outcome.ms).padStart(6)} ms  ${outcome.shows}`;
  });
  const total = `${passed} passed, ${failed} failed: ${command.join(' ')}`;
  return [...rows, ...transcripts.flatMap(failureLines), '', total, ''].join('\n');
}

function failureLines({ name, line, reason, log, passed }: Outcome): string[] {
  if (passed) return [];
  const logged = log === undefined || log.trim() === '' ? [] : [`  its log: ${log.trim()}`];
  return ['', `${name}.jsonl, line ${line}: ${reason}`, ...logged];
}
