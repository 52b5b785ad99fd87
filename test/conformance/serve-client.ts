import { writeFileSync } from 'node:fs';
import { play } from './play.js';
import { type Outcome, reportOf, reportText } from './report.js';
import { clientAtStandardStreams } from './standard-streams.js';
import type { Transcript } from './transcript.js';

/**
 * Plays a transcript of a sidecar to the client that has started this process.
 *
 * A client may kill its sidecar, which then cannot report any more. Where all that is left to be seen is the end of the
 * stream, the report therefore says already that the transcript has passed, until the time for that is over.
 */
export async function serveClient(
  transcript: Transcript,
  { json, patience }: { readonly json: string | undefined; readonly patience: number },
): Promise<Outcome> {
  const write = (outcome: Outcome) => {
    const report = reportOf(['(the client)'], [outcome]);
    if (json === undefined) process.stderr.write(reportText(report));
    else writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`);
  };
  const { name, header, steps } = transcript;
  const unfinished = { name, shows: header.shows, plays: header.plays, steps: steps.length, ms: 0 };
  const lastIsEnd = steps.at(-1)?.verb === 'expectEnd';
  const outcome = await play(transcript, clientAtStandardStreams(), patience, (index) => {
    if (json === undefined) return;
    const onlyEndIsLeft = lastIsEnd && index === steps.length - 1;
    const { line } = steps[index]!;
    write(
      onlyEndIsLeft
        ? { ...unfinished, passed: true }
        : { ...unfinished, passed: false, line, reason: 'the client ended it here' },
    );
  });
  write(outcome);
  return outcome;
}
