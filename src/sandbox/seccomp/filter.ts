import { assembleBpf, type BpfLine } from './bpf-assembler.js';
import {
  ABSENT_CALLS,
  ALLOWED_ADDRESS_FAMILIES,
  ALLOWED_PERSONALITIES,
  CLONE_NAMESPACE_FLAGS,
  FORBIDDEN_CALLS,
  FORBIDDEN_IOCTLS,
  UNSHARE_NAMESPACE_FLAGS,
} from './policy.js';
import {
  AUDIT_ARCHITECTURES,
  NEWEST_KNOWN_SYSCALL,
  type SeccompArchitecture,
  type SyscallName,
  syscallNumber,
} from './syscall-numbers.js';

/** What the filter may answer, as the kernel's include/uapi/linux/seccomp.h numbers it. */
export const SECCOMP_ACTIONS = {
  allow: 0x7fff0000,
  killProcess: 0x80000000,
  /** EPERM: the call is there, and not for you. */
  notPermitted: 0x00050000 | 1,
  /** ENOSYS: as on a kernel that lacks the call. */
  notImplemented: 0x00050000 | 38,
  /** EAFNOSUPPORT: as on a kernel that lacks the address family; libc and the tools that ask know how to go on. */
  familyNotSupported: 0x00050000 | 97,
} as const;

/**
 * The seccomp filter under which sandboxed programs run: the bytes of an array of `struct sock_filter`, as
 * bubblewrap's `--seccomp FD` reads them.
 *
 * - A call of another architecture (i386 on x86-64, 32-bit ARM on arm64) kills the process: its numbers mean other calls.
 * - A call that is newer than this filter, or has the x32 bit, answers ENOSYS.
 * - What `policy.ts` denies is denied; everything else is allowed.
 *
 * Only the low words of arguments are looked at, since the kernel, too, ignores the rest of an `int`.
 */
export function assembleSeccompFilter(architecture: SeccompArchitecture): Uint8Array {
  return assembleBpf([
    { op: 'load', offset: ARCHITECTURE_OFFSET },
    { op: 'jumpIfEqual', value: AUDIT_ARCHITECTURES[architecture], target: 'native' },
    { op: 'return', value: SECCOMP_ACTIONS.killProcess },
    { label: 'native' },
    { op: 'load', offset: NUMBER_OFFSET },
    { op: 'jumpIfGreater', value: NEWEST_KNOWN_SYSCALL, target: 'notImplemented' },
    ...searchFor(
      [
        ...casesOf(architecture, ABSENT_CALLS, 'notImplemented'),
        ...casesOf(architecture, ['clone'], 'clone'),
        ...casesOf(architecture, ['unshare'], 'unshare'),
        ...casesOf(architecture, ['socket', 'socketpair'], 'socket'),
        ...casesOf(architecture, ['ioctl'], 'ioctl'),
        ...casesOf(architecture, ['personality'], 'personality'),
        ...casesOf(architecture, FORBIDDEN_CALLS, 'notPermitted'),
      ].sort((a, b) => a.value - b.value),
    ),
    { label: 'clone' },
    { op: 'load', offset: argumentOffset(0) },
    { op: 'jumpIfAnySet', value: CLONE_NAMESPACE_FLAGS, target: 'notPermitted' },
    { op: 'return', value: SECCOMP_ACTIONS.allow },
    { label: 'unshare' },
    { op: 'load', offset: argumentOffset(0) },
    { op: 'jumpIfAnySet', value: UNSHARE_NAMESPACE_FLAGS, target: 'notPermitted' },
    { op: 'return', value: SECCOMP_ACTIONS.allow },
    { label: 'socket' },
    { op: 'load', offset: argumentOffset(0) },
    ...jumpForValues(ALLOWED_ADDRESS_FAMILIES, 'allow'),
    { op: 'return', value: SECCOMP_ACTIONS.familyNotSupported },
    { label: 'ioctl' },
    { op: 'load', offset: argumentOffset(1) },
    ...jumpForValues(FORBIDDEN_IOCTLS, 'notPermitted'),
    { op: 'return', value: SECCOMP_ACTIONS.allow },
    { label: 'personality' },
    { op: 'load', offset: argumentOffset(0) },
    ...jumpForValues(ALLOWED_PERSONALITIES, 'allow'),
    { label: 'notPermitted' },
    { op: 'return', value: SECCOMP_ACTIONS.notPermitted },
    { label: 'notImplemented' },
    { op: 'return', value: SECCOMP_ACTIONS.notImplemented },
    { label: 'allow' },
    { op: 'return', value: SECCOMP_ACTIONS.allow },
  ]);
}

/** The architecture of this machine as the filter knows it, or null where there is no filter for it. */
export function seccompArchitecture(platform = process.platform, arch = process.arch): SeccompArchitecture | null {
  return platform === 'linux' && (arch === 'x64' || arch === 'arm64') ? arch : null;
}

/** Where `struct seccomp_data` holds the call's number, its architecture, and the low word of an argument. */
const NUMBER_OFFSET = 0;
const ARCHITECTURE_OFFSET = 4;

function argumentOffset(index: number): number {
  return 16 + 8 * index;
}

/** Where a call goes that has this number. */
interface Case {
  readonly value: number;
  readonly target: string;
}

function casesOf(architecture: SeccompArchitecture, names: readonly SyscallName[], target: string): Case[] {
  return names
    .map((name) => syscallNumber(name, architecture))
    .filter((number) => number !== null)
    .map((value) => ({ value, target }));
}

/** So few are compared one after the other. */
const MOST_IN_A_ROW = 2;

/**
 * Jumps for the number that is one of the cases, and allows all others. It halves them: when a process puts itself under a
 * filter the kernel runs that for every number that there is, to learn which are always allowed, which with all cases in a
 * row took some 0.1 ms of each sandbox.
 *
 * @param sorted by their values
 */
function searchFor(sorted: readonly Case[]): BpfLine[] {
  if (sorted.length <= MOST_IN_A_ROW) {
    const jumps = sorted.map(({ value, target }): BpfLine => ({ op: 'jumpIfEqual', value, target }));
    return [...jumps, { op: 'return', value: SECCOMP_ACTIONS.allow }];
  }
  const middle = Math.floor(sorted.length / 2);
  const { value } = sorted[middle - 1]!;
  const above = `above ${value}`;
  return [
    { op: 'jumpIfGreater', value, target: above },
    ...searchFor(sorted.slice(0, middle)),
    { label: above },
    ...searchFor(sorted.slice(middle)),
  ];
}

function jumpForValues(values: readonly number[], target: string): BpfLine[] {
  return values.map((value) => ({ op: 'jumpIfEqual', value, target }));
}
