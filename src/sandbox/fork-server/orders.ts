import { constants } from 'node:os';
import type { GroupSetup } from '../cgroup/index.js';
import { SandboxError } from '../errors.js';
import type { Rlimits } from '../rlimits.js';

/** A descriptor of the sidecar that a command gets, opened anew with these flags of open(2). */
export interface PassedDescriptor {
  readonly fd: number;
  readonly flags: number;
}

/** What is set up for a process before anything else. */
interface Setup {
  /** What is made after its cgroups, private to this user. */
  readonly directories: readonly string[];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Standard input, output and error, and what follows them; null is /dev/null. */
  readonly descriptors: readonly (PassedDescriptor | null)[];
  /** The cgroups that are made for it, and that it joins; null for none. */
  readonly groups: GroupSetup | null;
  /** The user that it runs as; null where that is the sidecar's. */
  readonly user: { readonly uid: number; readonly gid: number } | null;
}

/** A process to start. What follows the standard streams it gets as descriptors 3, 4, and so on. */
export interface RunOrder extends Setup {
  /** The program, as an absolute path. */
  readonly file: string;
  /** Its arguments, its own name first. */
  readonly argv: readonly string[];
  readonly rlimits: Rlimits | null;
}

/** A sandbox to make. */
export interface SandboxOrder extends Pick<Setup, 'groups' | 'user'> {
  /** The mount namespace of which the sandbox gets a copy. */
  readonly template: TemplateNamespace;
  readonly network: boolean;
  /** Each is new to the sandbox and the task's to write to; its directory is there in the template. */
  readonly tmpfs: readonly Tmpfs[];
  /** Made in those. */
  readonly privateDirectories: readonly string[];
  /** What the template shows below them, and the sandbox is to show there as well; absolute paths without links. */
  readonly carriedOver: readonly string[];
  /** A file with the filter of its system calls; null for none. */
  readonly seccompFile: string | null;
  /** The FIFO that a command opens as its standard input, if it is to have one. */
  readonly stdinFifo: string;
  readonly stdout: PassedDescriptor;
  readonly stderr: PassedDescriptor;
  /** What it is told its command by: see `encodeCommand`. */
  readonly entrance: PassedDescriptor;
  /** What puts files into it before the command; null where there are none to come. */
  readonly filling: Filling | null;
}

/** `fd` is the descriptor of the sidecar that holds it; `serial` tells it from all others, before and after it. */
export interface TemplateNamespace {
  readonly serial: number;
  readonly fd: number;
}

export interface Tmpfs {
  readonly path: string;
  readonly bytes: number;
  readonly mode: string;
}

export interface Filling {
  /** The words of a program in the sandbox that is executed, and reads what comes from here as its standard input. */
  readonly argv: readonly string[];
  readonly source: PassedDescriptor;
}

/** A command to run in a sandbox, the only one. */
export interface SandboxCommand {
  /** The program, as an absolute path that the sandbox knows. */
  readonly file: string;
  /** Its arguments, its own name first. */
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Absolute, as the sandbox knows it. */
  readonly cwd: string;
  readonly stdin: 'none' | 'pipe';
  readonly rlimits: Rlimits;
}

/**
 * An order as the fork server reads it: its length in four bytes, and its fields with a NUL between them. A list whose
 * elements may be anything has their number before it.
 * @throws SandboxError kind `sandbox` where a field has a NUL, which no command can be given
 */
export function encodeRun(id: number, order: RunOrder): Buffer {
  const rlimits = order.rlimits === null ? '' : encodeRlimits(order.rlimits);
  return encode(['run', `${id}`, rlimits, ...encodeSetup(order), order.file, ...order.argv]);
}

/** @throws SandboxError as `encodeRun` */
export function encodeSandbox(id: number, order: SandboxOrder): Buffer {
  const { template, network, tmpfs, seccompFile, stdinFifo, stdout, stderr, entrance, filling } = order;
  const descriptors = [null, stdout, stderr, entrance, ...(filling === null ? [] : [filling.source])];
  return encode([
    ...['sandbox', `${id}`, seccompFile ?? '', `${template.serial}`, `${template.fd}`, network ? '1' : '', stdinFifo],
    ...encodeSetup({ ...order, descriptors, directories: [], cwd: '/', environment: {} }),
    ...counted(tmpfs.map(({ path, bytes, mode }) => `size=${bytes},mode=${mode} ${path}`)),
    ...counted(order.privateDirectories),
    ...counted(order.carriedOver),
    ...(filling?.argv ?? []),
  ]);
}

/**
 * What a sandbox is told, once, by its entrance.
 * @throws SandboxError as `encodeRun`
 */
export function encodeCommand({ file, argv, environment, cwd, stdin, rlimits }: SandboxCommand): Buffer {
  const input = stdin === 'pipe' ? '1' : '';
  return encode([
    ...[encodeRlimits(rlimits), input, cwd],
    ...counted(encodeEnvironment(environment)),
    ...[file, ...argv],
  ]);
}

/** An order to make FIFOs that only the sidecar's user may open. */
export function encodeMakeFifos(id: number, directory: string, names: readonly string[]): Buffer {
  return encode(['fifos', `${id}`, directory, ...names]);
}

/** An order to join the cgroup with this file. Nothing is reported of it. */
export function encodeJoin(file: string): Buffer {
  return encode(['join', file]);
}

const NO_GROUPS: GroupSetup = { directories: [], writes: [], procsFiles: [] };

function encodeSetup({ cwd, descriptors, user, groups, directories, environment }: Setup): string[] {
  const { procsFiles, directories: groupDirectories, writes } = groups ?? NO_GROUPS;
  const passed = descriptors.map((each) => (each === null ? '-:0' : `${each.fd}:${each.flags}`));
  return [
    ...[cwd, passed.join(','), user === null ? '' : `${user.uid},${user.gid}`],
    ...counted(procsFiles),
    ...counted(groupDirectories),
    ...counted(directories),
    ...counted(writes.map(encodeWrite)),
    ...counted(encodeEnvironment(environment)),
  ];
}

function encodeEnvironment(environment: Readonly<Record<string, string>>): string[] {
  return Object.keys(environment).map((name) => `${name}=${environment[name]}`);
}

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
  const files = `${RLIMIT.openFiles}:${openFiles}:${openFiles},${RLIMIT.fileSize}:${fileSizeBytes}:${fileSizeBytes}`;
  return `${RLIMIT.core}:0:0,${files},${RLIMIT.cpu}:${cpuSeconds.soft}:${cpuSeconds.hard}`;
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
