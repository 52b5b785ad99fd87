import { type ProcessIdentity, parseStartTime } from '../process-entry.js';

/** What the fork server tells; `id` is that of the order. */
export type Report =
  /** Once, before any order, with the id 0. */
  | { readonly kind: 'ready'; readonly id: number }
  /** All is set up, in a sandbox by its first process. As a line it ends with what /proc/<pid>/stat says. */
  | { readonly kind: 'started'; readonly id: number; readonly identity: ProcessIdentity }
  /** Of a sandbox: the files are in its workspace. */
  | { readonly kind: 'filled'; readonly id: number }
  /** Of a sandbox: its command has its standard input. Only where it is to have one. */
  | { readonly kind: 'executing'; readonly id: number }
  /**
   * `status` as wait(2) gives it, of a sandbox that of its command: as if killed where the first process has not told it;
   * `orphans` is how many processes there were at that moment that commands, this one or
   * others, had left without their parents: null where that is not known.
   */
  | { readonly kind: 'ended'; readonly id: number; readonly status: number; readonly orphans: number | null }
  | { readonly kind: 'made'; readonly id: number }
  /** What was forked for the order cannot go on, and ends: `ended` follows; or an order for FIFOs is not carried out. */
  | { readonly kind: 'failed'; readonly id: number; readonly errno: number; readonly at: string }
  /** Nothing was forked for the order. */
  | { readonly kind: 'refused'; readonly id: number; readonly errno: number; readonly at: string };

/** @throws TypeError for what is no report */
export function parseReport(line: string): Report {
  const [kind, number, first] = line.split(' ', 3);
  const id = Number(number);
  switch (kind) {
    case 'ready':
    case 'made':
    case 'filled':
    case 'executing':
      return { kind, id };
    case 'ended':
      return { kind, id, status: Number(first), orphans: orphansIn(line) };
    case 'started':
      return { kind, id, identity: { pid: Number(first), startTime: parseStartTime(line) } };
    case 'failed':
    case 'refused':
      return { kind, id, errno: Number(first), at: line.split(' ').slice(3).join(' ') };
    default:
      throw new TypeError(`the fork server says ${JSON.stringify(line)}`);
  }
}

function orphansIn(line: string): number | null {
  const orphans = line.slice(line.lastIndexOf(' ') + 1);
  return orphans === 'unknown' ? null : Number(orphans);
}
