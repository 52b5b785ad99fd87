import type { SyscallName } from './syscall-numbers.js';

/** Calls that fail with EPERM whatever their arguments, by what they would open. */
export const FORBIDDEN_CALLS: readonly SyscallName[] = [
  // Into the memory, descriptors and placement of other processes.
  'ptrace',
  'process_vm_readv',
  'process_vm_writev',
  'pidfd_getfd',
  'kcmp',
  'move_pages',
  'migrate_pages',
  // The file system as it was set up.
  'mount',
  'umount2',
  'pivot_root',
  'chroot',
  'move_mount',
  'open_tree',
  'open_tree_attr',
  'fsopen',
  'fsconfig',
  'fsmount',
  'fspick',
  'mount_setattr',
  // Files by handle, past the directories that hide them; whole file systems watched.
  'name_to_handle_at',
  'open_by_handle_at',
  'fanotify_init',
  // Other namespaces. Making one of its own is denied by flag.
  'setns',
  // The kernel itself: its code, its log, its keys, its clock, its accounting.
  'kexec_load',
  'kexec_file_load',
  'init_module',
  'finit_module',
  'delete_module',
  'bpf',
  'perf_event_open',
  'syslog',
  'add_key',
  'request_key',
  'keyctl',
  'settimeofday',
  'clock_settime',
  'clock_adjtime',
  'adjtimex',
  'acct',
  'quotactl',
  'quotactl_fd',
  'swapon',
  'swapoff',
  'reboot',
  'vhangup',
  'ioperm',
  'iopl',
  // Handling of page faults in user space holds the kernel inside a copy for as long as the caller likes, which is
  // what makes races in it exploitable; vmsplice lends pages that are written to after they were handed on.
  'userfaultfd',
  'vmsplice',
  // Leftovers that no program of today uses.
  'lookup_dcookie',
  'nfsservctl',
  'uselib',
];

/**
 * Calls that answer ENOSYS, as a kernel without them does, because their callers have a way to do without:
 * libc falls back from `clone3` to `clone`, whose flags are in a register where a filter can see them (those of
 * `clone3` are in memory), and users of io_uring fall back to ordinary I/O.
 */
export const ABSENT_CALLS: readonly SyscallName[] = ['clone3', 'io_uring_setup', 'io_uring_enter', 'io_uring_register'];

/** The address families that `socket` and `socketpair` may use: AF_UNIX, AF_INET and AF_INET6. */
export const ALLOWED_ADDRESS_FAMILIES: readonly number[] = [1, 2, 10];

/**
 * Requests of `ioctl` that push input into a terminal as if its user had typed it: TIOCSTI and TIOCLINUX.
 * (A new session does not help where the sandbox is given a terminal.)
 */
export const FORBIDDEN_IOCTLS: readonly number[] = [0x5412, 0x541c];

/**
 * The CLONE_NEW* flags: a new user namespace makes the caller root in it, and with that reaches much of the kernel
 * that only root reaches otherwise. NEWTIME shares its bit with the exit signal of `clone`, which cannot ask for it.
 */
export const CLONE_NAMESPACE_FLAGS = 0x7e020000;
export const UNSHARE_NAMESPACE_FLAGS = 0x7e020080;

/** What `personality` may be asked for: the plain Linux one, and which one there is. */
export const ALLOWED_PERSONALITIES: readonly number[] = [0, 0xffffffff];
