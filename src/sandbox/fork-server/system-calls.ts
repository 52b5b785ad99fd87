/** The system calls that Perl has no function for, or does more than is wanted, by their numbers. */
const SYSTEM_CALLS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  x64: {
    setsid: 112,
    prctl: 157,
    prlimit64: 302,
    dup3: 292,
    setgroups: 116,
    setresgid: 119,
    setresuid: 117,
    mknodat: 259,
    sched_setscheduler: 144,
    capset: 126,
    mount: 165,
    sethostname: 170,
    setns: 308,
    unshare: 272,
    exit_group: 231,
    clone: 56,
    rt_sigprocmask: 14,
    signalfd4: 289,
    execve: 59,
    openat: 257,
    close: 3,
    read: 0,
    write: 1,
    fcntl: 72,
    ioctl: 16,
    socket: 41,
    sendmsg: 46,
    recvmsg: 47,
  },
  arm64: {
    setsid: 157,
    prctl: 167,
    prlimit64: 261,
    dup3: 24,
    setgroups: 159,
    setresgid: 149,
    setresuid: 147,
    mknodat: 33,
    sched_setscheduler: 119,
    capset: 91,
    mount: 40,
    sethostname: 161,
    setns: 268,
    unshare: 97,
    exit_group: 94,
    clone: 220,
    rt_sigprocmask: 135,
    signalfd4: 74,
    execve: 221,
    openat: 56,
    close: 57,
    read: 63,
    write: 64,
    fcntl: 25,
    ioctl: 29,
    socket: 198,
    sendmsg: 211,
    recvmsg: 212,
  },
};

/** Whether the fork server can run here, where there is a Perl: on Linux, where the numbers of its system calls are known. */
export const isForkServerKnown = process.platform === 'linux' && process.arch in SYSTEM_CALLS;

/** The names and numbers of this machine's system calls, one after the other. */
export function systemCallArguments(): string[] {
  const calls = SYSTEM_CALLS[process.arch];
  if (calls === undefined) throw new TypeError('unreachable: there is no fork server for this architecture');
  return Object.entries(calls).flatMap(([name, number]) => [name, `${number}`]);
}
