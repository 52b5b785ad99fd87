import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { ABSENT_CALLS, FORBIDDEN_CALLS } from '../../../src/sandbox/seccomp/policy.js';
import { type SyscallName, syscallNumber } from '../../../src/sandbox/seccomp/syscall-numbers.js';
import { runSandboxed, whyNo, whyNoBubblewrap } from './bubblewrap.js';

const { EPERM, ENOSYS, EAFNOSUPPORT } = constants.errno;
const architecture = process.arch === 'arm64' ? 'arm64' : 'x64';
const obstacle = whyNoBubblewrap() ?? whyNo('python3', '-c', 'import ctypes');

/** A call that would do nothing even where it is let through: its arguments are invalid. */
interface Attempt {
  readonly name: SyscallName;
  readonly args: readonly number[];
}

const BAD = -1;
const BAD_POINTER = 1;

const attempts: readonly Attempt[] = [
  { name: 'ptrace', args: [16, 0x7fffffff, 0, 0] },
  { name: 'process_vm_readv', args: [BAD, 0, 0, 0, 0, 0xff] },
  { name: 'process_vm_writev', args: [BAD, 0, 0, 0, 0, 0xff] },
  { name: 'pidfd_getfd', args: [BAD, 0, 0] },
  { name: 'kcmp', args: [0x7fffffff, 0x7fffffff, 0, 0, 0] },
  { name: 'move_pages', args: [0x7fffffff, 0, 0, 0, 0, 0] },
  { name: 'migrate_pages', args: [0x7fffffff, 0, 0, 0] },
  { name: 'mount', args: [0, 0, 0, 0, 0] },
  { name: 'umount2', args: [0, 0xffff] },
  { name: 'pivot_root', args: [0, 0] },
  { name: 'chroot', args: [0] },
  { name: 'move_mount', args: [BAD, 0, BAD, 0, 0xffff] },
  { name: 'open_tree', args: [BAD, 0, 0] },
  { name: 'open_tree_attr', args: [BAD, 0, 0, 0, 0] },
  { name: 'fsopen', args: [0, 0xff] },
  { name: 'fsconfig', args: [BAD, 99, 0, 0, 0] },
  { name: 'fsmount', args: [BAD, 0xff, 0] },
  { name: 'fspick', args: [BAD, 0, 0xff] },
  { name: 'mount_setattr', args: [BAD, 0, 0, 0, 0] },
  { name: 'name_to_handle_at', args: [BAD, 0, 0, 0, 0xffff] },
  { name: 'open_by_handle_at', args: [BAD, 0, 0] },
  { name: 'fanotify_init', args: [0xffffffff, 0] },
  { name: 'setns', args: [BAD, 0] },
  { name: 'kexec_load', args: [0, 0, 0, 0xff] },
  { name: 'kexec_file_load', args: [BAD, BAD, 0, 0, 0xff] },
  { name: 'init_module', args: [0, 0, 0] },
  { name: 'finit_module', args: [BAD, 0, 0xff] },
  { name: 'delete_module', args: [0, 0] },
  { name: 'bpf', args: [999, 0, 0] },
  { name: 'perf_event_open', args: [0, 0, BAD, BAD, 0] },
  { name: 'syslog', args: [99, 0, 0] },
  { name: 'add_key', args: [0, 0, 0, 0, 0] },
  { name: 'request_key', args: [0, 0, 0, 0] },
  { name: 'keyctl', args: [9999, 0, 0, 0, 0] },
  { name: 'settimeofday', args: [BAD_POINTER, 0] },
  { name: 'clock_settime', args: [99, 0] },
  { name: 'clock_adjtime', args: [99, 0] },
  { name: 'adjtimex', args: [0] },
  { name: 'acct', args: [BAD_POINTER] },
  { name: 'quotactl', args: [0xffffffff, 0, 0, 0] },
  { name: 'quotactl_fd', args: [BAD, 0xffffffff, 0, 0] },
  { name: 'swapon', args: [0, 0xffffffff] },
  { name: 'swapoff', args: [0] },
  { name: 'reboot', args: [0, 0, 0, 0] },
  { name: 'vhangup', args: [] },
  { name: 'ioperm', args: [0xffffffff, 1, 1] },
  { name: 'iopl', args: [9] },
  { name: 'userfaultfd', args: [0x7fff0000] },
  { name: 'vmsplice', args: [BAD, 0, 0, 0xff] },
  { name: 'lookup_dcookie', args: [0, 0, 0] },
  { name: 'nfsservctl', args: [BAD, 0, 0] },
  { name: 'uselib', args: [0] },
  { name: 'clone3', args: [0, 0] },
  { name: 'io_uring_setup', args: [0, 0] },
  { name: 'io_uring_enter', args: [BAD, 0, 0, 0, 0, 0] },
  { name: 'io_uring_register', args: [BAD, 0, 0, 0] },
];

const CLONE_FS = 0x200;

/** Calls that are denied for what they ask, with the error that is expected. */
const attemptsByArgument: readonly (Attempt & { readonly what: string; readonly errno: number })[] = [
  { what: 'clone into a mount namespace', name: 'clone', args: [0x20000 | CLONE_FS], errno: EPERM },
  { what: 'clone into a user namespace', name: 'clone', args: [0x10000000 | CLONE_FS], errno: EPERM },
  { what: 'unshare the user namespace', name: 'unshare', args: [0x10000000], errno: EPERM },
  { what: 'unshare the network namespace', name: 'unshare', args: [0x40000000], errno: EPERM },
  { what: 'unshare the time namespace', name: 'unshare', args: [0x80], errno: EPERM },
  { what: 'open a netlink socket', name: 'socket', args: [16, 3, 0], errno: EAFNOSUPPORT },
  { what: 'open a packet socket', name: 'socket', args: [17, 3, 0], errno: EAFNOSUPPORT },
  { what: 'type into a terminal', name: 'ioctl', args: [BAD, 0x5412, 0], errno: EPERM },
  { what: 'paste into a console', name: 'ioctl', args: [BAD, 0x541c, 0], errno: EPERM },
  { what: 'switch address randomisation off', name: 'personality', args: [0x40000], errno: EPERM },
];

/** Sockets whose family the machine may lack altogether, so that nothing can be said without the filter. */
const deniedFamilies = [
  ['AF_NETLINK', 16],
  ['AF_PACKET', 17],
  ['AF_KEY', 15],
  ['AF_ALG', 38],
  ['AF_BLUETOOTH', 31],
  ['AF_TIPC', 30],
  ['AF_VSOCK', 40],
  ['AF_XDP', 44],
] as const;

describe.skipIf(obstacle !== null)(`denied calls under bubblewrap${obstacle === null ? '' : ` (${obstacle})`}`, () => {
  it('covers every call of the policy that this architecture has', () => {
    const policy = [...FORBIDDEN_CALLS, ...ABSENT_CALLS];
    expect(attempts.map(({ name }) => name).toSorted()).toEqual(policy.toSorted());
  });

  it('fail with the error of the policy', async () => {
    const errors = await tryCalls(attempts, { filtered: true });
    for (const { name } of here(attempts)) {
      expect([name, errors.get(name)]).toEqual([name, ABSENT_CALLS.includes(name) ? ENOSYS : EPERM]);
    }
  });

  it.skipIf(!hasEveryCapability())('would get through to the kernel without the filter', async () => {
    const errors = await tryCalls(attempts, { filtered: false });
    for (const { name } of here(attempts)) {
      expect([name, errors.get(name)]).not.toEqual([name, ABSENT_CALLS.includes(name) ? ENOSYS : EPERM]);
    }
  });

  it.each(attemptsByArgument)('deny to $what', async ({ name, args, errno }) => {
    expect(await tryCalls([{ name, args }], { filtered: true })).toEqual(new Map([[name, errno]]));
  });

  it.skipIf(!hasEveryCapability()).each(attemptsByArgument)(
    'deny to $what, which the kernel alone would not refuse in that way',
    async ({ name, args, errno }) => {
      expect(await tryCalls([{ name, args }], { filtered: false })).not.toEqual(new Map([[name, errno]]));
    },
  );

  it.each(deniedFamilies)('deny sockets of %s', async (_name, family) => {
    const attempt = { name: 'socket', args: [family, 3, 0] } as const;
    expect(await tryCalls([attempt], { filtered: true })).toEqual(new Map([['socket', EAFNOSUPPORT]]));
  });

  it('answer ENOSYS to a call that no table knows', async () => {
    const outcome = await python(`${CALL}\nprint([call(number) for number in (470, 600, 0x40000027)])`, true);
    expect(outcome.stdout.trim()).toBe(`[${ENOSYS}, ${ENOSYS}, ${ENOSYS}]`);
  });

  it.skipIf(process.arch !== 'x64')('kill a process that calls through the i386 gate', async () => {
    const unfiltered = await python(I386_GETPID, false);
    expect(unfiltered).toMatchObject({ code: 0, stdout: 'ran\n' });
    const filtered = await python(I386_GETPID, true);
    expect(filtered.stdout).toBe('');
    expect(filtered.code).toBe(128 + constants.signals.SIGSYS);
  });
});

/** The attempts that this architecture has a number for. */
function here(all: readonly Attempt[]): readonly Attempt[] {
  return all.filter(({ name }) => syscallNumber(name, architecture) !== null);
}

/** Makes each call in a process of its own; gives the errors, 0 for a call that succeeded. */
async function tryCalls(all: readonly Attempt[], { filtered }: { filtered: boolean }): Promise<Map<string, number>> {
  const calls = here(all).map(({ name, args }) => [name, syscallNumber(name, architecture), ...args]);
  const { stdout, stderr } = await python(TRY_CALLS, filtered, JSON.stringify(calls));
  if (stdout === '') throw new Error(stderr);
  return new Map(Object.entries(JSON.parse(stdout) as Record<string, number>));
}

function python(script: string, filtered: boolean, ...args: string[]) {
  return runSandboxed(['python3', '-c', script, ...args], { filtered });
}

/** Where capabilities are missing or another filter is in force, some calls are denied before ours is asked. */
function hasEveryCapability(): boolean {
  if (process.platform !== 'linux') return false;
  const status = readFileSync('/proc/self/status', 'utf8');
  const all = (1n << BigInt(Number(readFileSync('/proc/sys/kernel/cap_last_cap', 'utf8')) + 1)) - 1n;
  const effective = BigInt(`0x${/^CapEff:\s+(\w+)$/m.exec(status)?.[1] ?? '0'}`);
  return process.getuid?.() === 0 && (effective | CAP_SYS_RESOURCE) === all && /^Seccomp:\s+0$/m.test(status);
}

/** Lets rlimits be raised, which none of the calls asks for. */
const CAP_SYS_RESOURCE = 1n << 24n;

const CALL = `
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *args):
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(arg) for arg in args])
    return ctypes.get_errno() if result == -1 else 0
`;

const TRY_CALLS = `${CALL}
import json, os, sys
errors = {}
for name, number, *args in json.loads(sys.argv[1]):
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, str(call(number, *args)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writer)
    errors[name] = int(os.read(reader, 16))
    os.close(reader)
print(json.dumps(errors))
`;

/** mov eax, 20; int 0x80; ret */
const I386_GETPID = `
import ctypes, mmap
code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
code.write(bytes.fromhex('b814000000cd80c3'))
ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))()
print('ran', flush=True)
`;
