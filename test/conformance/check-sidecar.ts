import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { play } from './play.js';
import { type Outcome, type Report, reportOf } from './report.js';
import { spawnSidecar } from './spawned-sidecar.js';
import { loadTranscript, type Transcript } from './transcript.js';

export interface SidecarCheck {
  readonly command: readonly string[];
  readonly folder: string;
  /** Only transcripts whose name has this in it. */
  readonly only: string | undefined;
  readonly patience: number;
  readonly parallel: number;
  /** Told of each transcript when it has been played. */
  readonly onOutcome?: (outcome: Outcome) => void;
}

/**
 * Plays every transcript of a host to a sidecar of its own.
 * @throws StepError for a transcript that is wrong; RangeError where there is none to play
 */
export async function checkSidecar(check: SidecarCheck): Promise<Report> {
  const { command, folder, only = '', patience, parallel, onOutcome = () => undefined } = check;
  const transcripts = loadTranscripts(folder).filter(
    ({ name, header }) => header.plays === 'host' && name.includes(only),
  );
  if (transcripts.length === 0)
    throw new RangeError(`no transcript in ${folder} plays a host and has "${only}" in its name`);
  const outcomes = new Map<string, Outcome>();
  const left = [...transcripts].sort((a, b) => longest(b) - longest(a));
  const playAll = async () => {
    for (let transcript = left.shift(); transcript !== undefined; transcript = left.shift()) {
      const peer = spawnSidecar([...command, ...(transcript.header.flags ?? [])], patience);
      const outcome = await play(transcript, peer, patience);
      outcomes.set(transcript.name, outcome);
      onOutcome(outcome);
    }
  };
  await Promise.all(Array.from({ length: parallel }, playAll));
  return reportOf(
    command,
    transcripts.map(({ name }) => outcomes.get(name)!),
  );
}

/** Every transcript of a folder, by name. */
export function loadTranscripts(folder: string): Transcript[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
  return names.sort().map((name) => loadTranscript(join(folder, name)));
}

/** What may take long begins first. */
function longest({ steps }: Transcript): number {
  return Math.max(0, ...steps.map(({ fields }) => Number(fields.withinMs ?? 0)));
}
