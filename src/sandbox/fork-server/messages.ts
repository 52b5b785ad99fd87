import { constants } from 'node:os';
import type { GroupSetup } from '../cgroup/index.js';
import { SandboxError } from '../errors.js';
import type { ProcessIdentity } from '../process-entry.js';
import type { Rlimits } from '../rlimits.js';

/** A descriptor of the sidecar that a command gets, opened anew with these flags of open(2). */
export interface PassedDescriptor {
  readonly fd: number;
  readonly flags: number;
}

/** A process to start. */
export interface RunOrder {
  /** The program, as an absolute path. */
  readonly file: string;
  /** Its arguments, its own name first. */
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** What is made before anything else but its cgroups, private to this user. */
  readonly directories: readonly string[];
  readonly cwd: string;
  /** Standard input, output and error, and what follows them as 3, 4, and so on; null is /dev/null. */
  readonly descriptors: readonly (PassedDescriptor | null)[];
  /** The cgroups that are made for it, and that it joins; null for none. */
  readonly groups: GroupSetup | null;
  /** The user that it runs as; null where that is the sidecar's. */
  readonly user: { readonly uid: number; readonly gid: number } | null;
  readonly rlimits: Rlimits | null;
}

/** What the fork server tells; `id` is that of the order. */
export type Report =
  /** Once, before any order, with the id 0. */
  | { readonly kind: 'ready'; readonly id: number }
  | { readonly kind: 'started'; readonly id: number; readonly identity: ProcessIdentity }
  /**
   * `status` as wait(2) gives it; `orphans` is how many processes there were at that moment that commands, this one or
   * others, had left without their parents: null where that is not known.
   */
  | { readonly kind: 'ended'; readonly id: number; readonly status: number; readonly orphans: number | null }
  | { readonly kind: 'made'; readonly id: number }
  | { readonly kind: 'failed'; readonly id: number; readonly errno: number; readonly at: string };

/**
 * An order as the fork server reads it: its length in four bytes, and its fields with a NUL between them. A list whose
 * elements may be anything has their number before it.
 * @throws SandboxError kind `sandbox` where a field has a NUL, which no command can be given
 */
export function encodeRun(id: number, order: RunOrder): Buffer {
  const environment = Object.entries(order.environment).map(([name, value]) => `${name}=${value}`);
  const [streams, further] = [order.descriptors.slice(0, 3), order.descriptors.slice(3)].map((each) =>
    each.map((descriptor) => (descriptor === null ? '-:0' : `${descriptor.fd}:${descriptor.flags}`)).join(','),
  );
  const groups = order.groups ?? NO_GROUPS;
  return encode([
    ...['run', `${id}`, order.cwd, streams!, further!],
    order.user === null ? '' : `${order.user.uid},${order.user.gid}`,
    order.rlimits === null ? '' : encodeRlimits(order.rlimits),
    ...counted(groups.procsFiles),
    ...counted([...groups.directories, ...order.directories]),
    ...counted(groups.writes.map(encodeWrite)),
    ...counted(environment),
    ...[order.file, ...order.argv],
  ]);
}

/** An order to make FIFOs that only the sidecar's user may open. */
export function encodeMakeFifos(id: number, directory: string, names: readonly string[]): Buffer {
  return encode(['fifos', `${id}`, directory, ...names]);
}

/** @throws TypeError for what is no report */
export function parseReport(line: string): Report {
  const [kind, id, first, ...rest] = line.split(' ');
  if (kind === 'ready' || kind === 'made') return { kind, id: Number(id) };
  if (kind === 'ended') {
    const [orphans] = rest;
    return { kind, id: Number(id), status: Number(first), orphans: orphans === 'unknown' ? null : Number(orphans) };
  }
  if (kind === 'started') {
    return { kind, id: Number(id), identity: { pid: Number(first), startTime: Number(rest[0]) } };
  }
  if (kind === 'failed') return { kind, id: Number(id), errno: Number(first), at: rest.join(' ') };
  throw new TypeError(`the fork server says ${JSON.stringify(line)}`);
}

const NO_GROUPS: GroupSetup = { directories: [], writes: [], procsFiles: [] };

function counted(fields: readonly string[]): string[] {
  return [`${fields.length}`, ...fields];
}

/** A value has no spaces; a path may. */
function encodeWrite({ path, value, tolerated }: GroupSetup['writes'][number]): string {
  const numbers = tolerated.map((name) => constants.errno[name as keyof typeof constants.errno]);
  return [numbers.join(','), value, path].join(' ');
}

/** The numbers of resources are those of Linux: getrlimit(2). */
const RLIMIT = { cpu: 0, fileSize: 1, core: 4, openFiles: 7 } as const;

function encodeRlimits({ openFiles, fileSizeBytes, cpuSeconds }: Rlimits): string {
  return [
    [RLIMIT.core, 0, 0],
    [RLIMIT.openFiles, openFiles, openFiles],
    [RLIMIT.fileSize, fileSizeBytes, fileSizeBytes],
    [RLIMIT.cpu, cpuSeconds.soft, cpuSeconds.hard],
  ]
    .map((limit) => limit.join(':'))
    .join(',');
}

const LENGTH_BYTES = 4;

function encode(fields: readonly string[]): Buffer {
  const held = fields.find((field) => field.includes('\0'));
  if (held !== undefined) {
    throw new SandboxError('sandbox', 'spawn_failed', `a command cannot be given a NUL, as in ${JSON.stringify(held)}`);
  }
  const text = fields.join('\0');
  const order = Buffer.allocUnsafe(LENGTH_BYTES + Buffer.byteLength(text));
  order.writeUInt32BE(order.length - LENGTH_BYTES);
  order.write(text, LENGTH_BYTES);
  return order;
}
