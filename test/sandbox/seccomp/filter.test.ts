import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { assembleSeccompFilter, seccompArchitecture } from '../../../src/sandbox/seccomp/index.js';
import { SYSCALL_NUMBERS } from '../../../src/sandbox/seccomp/syscall-numbers.js';
import { runBpf } from './bpf-interpreter.js';

const ALLOW = 0x7fff0000;
const KILL_PROCESS = 0x80000000;
const EPERM = 0x00050001;
const ENOSYS = 0x00050026;
const EAFNOSUPPORT = 0x00050061;

const AUDIT_ARCH = { x64: 0xc000003e, arm64: 0xc00000b7, i386: 0x40000003, arm: 0x40000028, riscv64: 0xc00000f3 };
const architectures = ['x64', 'arm64'] as const;
type Architecture = (typeof architectures)[number];

/** Calls that are denied whatever their arguments: name, number on x86-64, number on arm64, answer. */
const denied: readonly [string, number, number | null, number][] = [
  ['ptrace', 101, 117, EPERM],
  ['process_vm_readv', 310, 270, EPERM],
  ['process_vm_writev', 311, 271, EPERM],
  ['pidfd_getfd', 438, 438, EPERM],
  ['kcmp', 312, 272, EPERM],
  ['move_pages', 279, 239, EPERM],
  ['migrate_pages', 256, 238, EPERM],
  ['mount', 165, 40, EPERM],
  ['umount2', 166, 39, EPERM],
  ['pivot_root', 155, 41, EPERM],
  ['chroot', 161, 51, EPERM],
  ['open_tree', 428, 428, EPERM],
  ['move_mount', 429, 429, EPERM],
  ['fsopen', 430, 430, EPERM],
  ['fsconfig', 431, 431, EPERM],
  ['fsmount', 432, 432, EPERM],
  ['fspick', 433, 433, EPERM],
  ['mount_setattr', 442, 442, EPERM],
  ['open_tree_attr', 467, 467, EPERM],
  ['name_to_handle_at', 303, 264, EPERM],
  ['open_by_handle_at', 304, 265, EPERM],
  ['fanotify_init', 300, 262, EPERM],
  ['setns', 308, 268, EPERM],
  ['kexec_load', 246, 104, EPERM],
  ['kexec_file_load', 320, 294, EPERM],
  ['init_module', 175, 105, EPERM],
  ['delete_module', 176, 106, EPERM],
  ['finit_module', 313, 273, EPERM],
  ['bpf', 321, 280, EPERM],
  ['perf_event_open', 298, 241, EPERM],
  ['syslog', 103, 116, EPERM],
  ['add_key', 248, 217, EPERM],
  ['request_key', 249, 218, EPERM],
  ['keyctl', 250, 219, EPERM],
  ['settimeofday', 164, 170, EPERM],
  ['clock_settime', 227, 112, EPERM],
  ['clock_adjtime', 305, 266, EPERM],
  ['adjtimex', 159, 171, EPERM],
  ['acct', 163, 89, EPERM],
  ['quotactl', 179, 60, EPERM],
  ['quotactl_fd', 443, 443, EPERM],
  ['swapon', 167, 224, EPERM],
  ['swapoff', 168, 225, EPERM],
  ['reboot', 169, 142, EPERM],
  ['vhangup', 153, 58, EPERM],
  ['ioperm', 173, null, EPERM],
  ['iopl', 172, null, EPERM],
  ['userfaultfd', 323, 282, EPERM],
  ['vmsplice', 278, 75, EPERM],
  ['lookup_dcookie', 212, 18, EPERM],
  ['nfsservctl', 180, 42, EPERM],
  ['uselib', 134, null, EPERM],
  ['io_uring_setup', 425, 425, ENOSYS],
  ['io_uring_enter', 426, 426, ENOSYS],
  ['io_uring_register', 427, 427, ENOSYS],
  ['clone3', 435, 435, ENOSYS],
];

const byArguments = {
  x64: { clone: 56, unshare: 272, socket: 41, socketpair: 53, ioctl: 16, personality: 135 },
  arm64: { clone: 220, unshare: 97, socket: 198, socketpair: 199, ioctl: 29, personality: 92 },
};

describe.each(architectures)('the seccomp filter for %s', (architecture) => {
  const filter = assembleSeccompFilter(architecture);
  const answer = (number: number, ...args: bigint[]): number =>
    runBpf(filter, { number, architecture: AUDIT_ARCH[architecture], args });
  const numberOf = (entry: (typeof denied)[number]): number | null => (architecture === 'x64' ? entry[1] : entry[2]);

  it('denies each forbidden call and allows every other number up to the newest known one', () => {
    const expected = new Map(denied.map((entry) => [numberOf(entry), entry[3]]));
    const decidedByArguments = new Set<number>(Object.values(byArguments[architecture]));
    for (let number = 0; number <= 469; number++) {
      if (decidedByArguments.has(number)) continue;
      expect([number, answer(number)]).toEqual([number, expected.get(number) ?? ALLOW]);
    }
  });

  it('answers ENOSYS to calls that are newer than itself, with the x32 bit, or negative', () => {
    for (const number of [470, 471, 512, 547, 1024, 0x3fffffff, 0xffffffff]) expect(answer(number)).toBe(ENOSYS);
    for (let number = 0; number <= 600; number++) expect(answer(0x40000000 + number)).toBe(ENOSYS);
  });

  it('kills a process that calls by the numbers of another architecture', () => {
    for (const [name, foreign] of Object.entries(AUDIT_ARCH)) {
      if (name === architecture) continue;
      for (let number = 0; number <= 600; number++) {
        expect(runBpf(filter, { number, architecture: foreign })).toBe(KILL_PROCESS);
      }
    }
  });

  it('lets clone make threads and processes, but no namespace', () => {
    const { clone } = byArguments[architecture];
    const threadFlags = 0x003d0f00n;
    const forkFlags = 0x01200011n;
    const vforkFlags = 0x00004111n;
    const ioFlag = 0x80000000n;
    for (const flags of [threadFlags, forkFlags, vforkFlags, ioFlag]) expect(answer(clone, flags)).toBe(ALLOW);
    for (const namespace of namespaces) expect(answer(clone, namespace | 17n)).toBe(EPERM);
  });

  it('lets unshare part with files and working directory, but make no namespace', () => {
    const { unshare } = byArguments[architecture];
    for (const flags of [0n, 0x400n, 0x200n, 0x40000n]) expect(answer(unshare, flags)).toBe(ALLOW);
    for (const namespace of [...namespaces, 0x80n]) expect(answer(unshare, namespace | 0x400n)).toBe(EPERM);
  });

  it('allows sockets of AF_UNIX, AF_INET and AF_INET6 only, whatever the unused high word holds', () => {
    const { socket, socketpair } = byArguments[architecture];
    for (const call of [socket, socketpair]) {
      for (let family = 0n; family < 64n; family++) {
        const expected = [1n, 2n, 10n].includes(family) ? ALLOW : EAFNOSUPPORT;
        expect([family, answer(call, family)]).toEqual([family, expected]);
        expect([family, answer(call, family | (1n << 32n))]).toEqual([family, expected]);
      }
    }
  });

  it('denies the ioctls that type into a terminal, whatever the unused high word holds', () => {
    const { ioctl } = byArguments[architecture];
    for (const request of [0x5412n, 0x541cn]) {
      expect(answer(ioctl, 0n, request)).toBe(EPERM);
      expect(answer(ioctl, 0n, request | (0xffffffffn << 32n))).toBe(EPERM);
    }
    const [tcgets, tiocgwinsz, fionread, fioclex] = [0x5401n, 0x5413n, 0x541bn, 0x5451n];
    for (const request of [tcgets, tiocgwinsz, fionread, fioclex]) expect(answer(ioctl, 0n, request)).toBe(ALLOW);
  });

  it('lets personality be asked for and be plain Linux, but nothing else', () => {
    const { personality } = byArguments[architecture];
    for (const persona of [0n, 0xffffffffn]) expect(answer(personality, persona)).toBe(ALLOW);
    for (const persona of [0x0040000n, 0x0008n, 0x0020000n, 0x0100000n]) {
      expect(answer(personality, persona)).toBe(EPERM);
    }
  });
});

const namespaces = [0x20000n, 0x02000000n, 0x04000000n, 0x08000000n, 0x10000000n, 0x20000000n, 0x40000000n];

describe('the table of system-call numbers', () => {
  const headers: Record<Architecture, string> = {
    x64: '/usr/include/x86_64-linux-gnu/asm/unistd_64.h',
    arm64: '/usr/include/asm-generic/unistd.h',
  };

  it.for(architectures)('equals the kernel headers of this machine for %s', (architecture, { skip }) => {
    const header = headers[architecture];
    if (!existsSync(header)) skip(`no ${header} on this machine`);
    const known = numbersIn(readFileSync(header, 'utf8'));
    const newest = Math.max(...known.values());
    for (const [name, [x64, arm64]] of Object.entries(SYSCALL_NUMBERS)) {
      const number = architecture === 'x64' ? x64 : arm64;
      if (number !== null && number > newest) continue;
      expect([name, number]).toEqual([name, known.get(name) ?? null]);
    }
  });
});

/** The `#define __NR_name number` lines of a kernel header; the generic one writes __NR3264_ for some. */
function numbersIn(header: string): Map<string, number> {
  const lines = header.matchAll(/^#define __NR(?:3264)?_(\w+)\s+(\d+)$/gm);
  return new Map([...lines].map(([, name, number]) => [name!, Number(number)]));
}

describe('seccompArchitecture', () => {
  it('knows the architectures that there is a filter for, on Linux only', () => {
    expect(seccompArchitecture('linux', 'x64')).toBe('x64');
    expect(seccompArchitecture('linux', 'arm64')).toBe('arm64');
    expect(seccompArchitecture('linux', 'riscv64')).toBeNull();
    expect(seccompArchitecture('darwin', 'arm64')).toBeNull();
  });
});
