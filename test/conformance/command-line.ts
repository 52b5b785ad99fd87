import { parseArgs } from 'node:util';

/** What the runner is asked to do. */
export type Request = CheckRequest | ServeRequest;

/** Play transcripts to sidecars. */
export interface CheckRequest {
  readonly does: 'check';
  /** The command that starts a sidecar; empty for that of this package. */
  readonly command: readonly string[];
  /** The folder of the transcripts; that of this package where it is left out. */
  readonly transcripts: string | undefined;
  /** Play only those whose name has this in it. */
  readonly only: string | undefined;
  /** Where to write the report as JSON. */
  readonly json: string | undefined;
  /** Every deadline is multiplied by it. */
  readonly patience: number;
  /** How many sidecars run at once. */
  readonly parallel: number;
}

/** Play one transcript to the client that has started this process. */
export interface ServeRequest {
  readonly does: 'serve';
  /** The name of a transcript of this package, or the path of one. */
  readonly transcript: string;
  readonly json: string | undefined;
  readonly patience: number;
}

export const USAGE = `usage: conformance [--transcripts FOLDER] [--only NAME] [--json FILE] [--patience N] [--parallel N] [-- COMMAND [ARG …]]
       conformance serve TRANSCRIPT [--json FILE] [--patience N]
`;

/** @throws TypeError or RangeError for what cannot be understood */
export function parseRequest(args: readonly string[]): Request {
  const end = args.indexOf('--');
  const own = end === -1 ? args : args.slice(0, end);
  const command = end === -1 ? [] : args.slice(end + 1);
  const { values, positionals } = parseArgs({
    args: [...own],
    allowPositionals: true,
    options: {
      transcripts: { type: 'string' },
      only: { type: 'string' },
      json: { type: 'string' },
      patience: { type: 'string', default: '1' },
      parallel: { type: 'string', default: '2' },
    },
  });
  const { transcripts, only, json } = values;
  const patience = atLeastOne('--patience', values.patience);
  const [verb, transcript, ...others] = positionals;
  if (verb === undefined) {
    return {
      does: 'check',
      command,
      transcripts,
      only,
      json,
      patience,
      parallel: atLeastOne('--parallel', values.parallel),
    };
  }
  if (verb !== 'serve' || transcript === undefined || others.length > 0) {
    throw new RangeError(`expected nothing or serve TRANSCRIPT before --, got ${positionals.join(' ')}`);
  }
  return { does: 'serve', transcript, json, patience };
}

function atLeastOne(flag: string, text: string): number {
  const value = Number(text);
  if (!(value >= 1)) throw new RangeError(`${flag} must be a number of at least 1, got ${JSON.stringify(text)}`);
  return value;
}
