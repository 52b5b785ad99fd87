/** The architectures that a filter is made for, by the names that `process.arch` gives them. */
export type SeccompArchitecture = 'x64' | 'arm64';

/**
 * AUDIT_ARCH_X86_64 and AUDIT_ARCH_AARCH64 of the kernel's include/uapi/linux/audit.h: the ELF machine number, with
 * the bits for 64 bit and little-endian. i386 calls on x86-64 and 32-bit ARM calls on arm64 come with another one.
 */
export const AUDIT_ARCHITECTURES: Readonly<Record<SeccompArchitecture, number>> = {
  x64: 0xc000003e,
  arm64: 0xc00000b7,
};

/**
 * The newest call that the kernel's tables knew when this one was written (Linux 6.18). Both architectures share
 * the numbers from 424 on.
 */
export const NEWEST_KNOWN_SYSCALL = 469;

/**
 * The numbers of the calls that the filter names, as [x64, arm64]; null where the architecture lacks the call.
 * From the kernel's arch/x86/entry/syscalls/syscall_64.tbl and, for arm64, scripts/syscall.tbl (before Linux 6.11:
 * include/uapi/asm-generic/unistd.h).
 */
export const SYSCALL_NUMBERS = {
  acct: [163, 89],
  add_key: [248, 217],
  adjtimex: [159, 171],
  bpf: [321, 280],
  chroot: [161, 51],
  clock_adjtime: [305, 266],
  clock_settime: [227, 112],
  clone: [56, 220],
  clone3: [435, 435],
  delete_module: [176, 106],
  fanotify_init: [300, 262],
  finit_module: [313, 273],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  fsopen: [430, 430],
  fspick: [433, 433],
  init_module: [175, 105],
  io_uring_enter: [426, 426],
  io_uring_register: [427, 427],
  io_uring_setup: [425, 425],
  ioctl: [16, 29],
  ioperm: [173, null],
  iopl: [172, null],
  kcmp: [312, 272],
  kexec_file_load: [320, 294],
  kexec_load: [246, 104],
  keyctl: [250, 219],
  lookup_dcookie: [212, 18],
  migrate_pages: [256, 238],
  mount: [165, 40],
  mount_setattr: [442, 442],
  move_mount: [429, 429],
  move_pages: [279, 239],
  name_to_handle_at: [303, 264],
  nfsservctl: [180, 42],
  open_by_handle_at: [304, 265],
  open_tree: [428, 428],
  open_tree_attr: [467, 467],
  perf_event_open: [298, 241],
  personality: [135, 92],
  pidfd_getfd: [438, 438],
  pivot_root: [155, 41],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  ptrace: [101, 117],
  quotactl: [179, 60],
  quotactl_fd: [443, 443],
  reboot: [169, 142],
  request_key: [249, 218],
  setns: [308, 268],
  settimeofday: [164, 170],
  socket: [41, 198],
  socketpair: [53, 199],
  swapoff: [168, 225],
  swapon: [167, 224],
  syslog: [103, 116],
  umount2: [166, 39],
  unshare: [272, 97],
  userfaultfd: [323, 282],
  uselib: [134, null],
  vhangup: [153, 58],
  vmsplice: [278, 75],
} as const satisfies Record<string, readonly [x64: number, arm64: number | null]>;

/** A call that the filter names. */
export type SyscallName = keyof typeof SYSCALL_NUMBERS;

/** The number of a call, or null where the architecture lacks it. */
export function syscallNumber(name: SyscallName, architecture: SeccompArchitecture): number | null {
  const [x64, arm64] = SYSCALL_NUMBERS[name];
  return architecture === 'x64' ? x64 : arm64;
}
