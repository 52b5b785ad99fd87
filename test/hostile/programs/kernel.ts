import { having, type Program, python, REACHED_BY_ROOT, REFUSED, sh } from '../support/program.js';

const FAILED = { status: 'failure' } as const;

export const kernelPrograms: readonly Program[] = [
  {
    does: 'opens files of cgroups for writing',
    needs: 'python3',
    task: python(`
import glob
def files():
    for directory, _, names in os.walk('/sys/fs/cgroup'):
        yield from [os.path.join(directory, name) for name in names if name in ('cgroup.procs', 'pids.max')]
def open_one():
    for path in files():
        try:
            return os.close(os.open(path, os.O_WRONLY))
        except OSError:
            pass
    return False
reached(open_one)`),
    expected: REFUSED,
    process: REACHED_BY_ROOT,
  },
  {
    does: 'writes to /proc/sys',
    needs: 'python3',
    task: python(`
def rewrite(path):
    with open(path) as file:
        value = file.read()
    with open(path, 'w') as file:
        file.write(value)
reached(lambda: rewrite('/proc/sys/kernel/core_pattern'), lambda: rewrite('/proc/sys/vm/swappiness'))`),
    expected: REFUSED,
    process: REACHED_BY_ROOT,
  },
  {
    does: 'exempts itself from what the kernel kills when memory is short',
    needs: 'python3',
    task: python(`
def exempt():
    with open('/proc/self/oom_score_adj', 'w') as file:
        file.write('-500')
reached(exempt)`),
    expected: REFUSED,
    process: { status: 'success' },
  },
  {
    does: 'mounts a file system',
    needs: 'python3',
    task: python(`
if confined('mnt'):
    os.mkdir('at')
    reached(lambda: call('mount', b'none', b'at', b'tmpfs', 0, None), lambda: call('umount2', b'/proc', 2))
else:
    reached(lambda: os.geteuid() == 0)`),
    expected: REFUSED,
    process: REACHED_BY_ROOT,
  },
  {
    does: 'makes a user namespace, in which it would be root',
    needs: 'python3',
    task: python('reached(lambda: call("unshare", 0x10000000))'),
    expected: REFUSED,
    process: REACHED_BY_ROOT,
  },
  {
    does: 'makes a mount namespace',
    needs: 'python3',
    task: python('reached(lambda: call("unshare", 0x00020000))'),
    expected: REFUSED,
    process: REACHED_BY_ROOT,
  },
  {
    does: 'joins the namespaces of the sandbox around it',
    needs: 'python3',
    task: python(`
def join(pid):
    with open(f'/proc/{pid}/ns/mnt') as namespace:
        call('setns', namespace.fileno(), 0)
reached(lambda: join(1), lambda: join(host['sidecarPid']))`),
    expected: REFUSED,
    process: REACHED_BY_ROOT,
  },
  {
    does: 'makes a device and opens it',
    needs: 'python3',
    task: python(`
def make():
    os.mknod('null', 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    os.close(os.open('null', os.O_RDONLY))
reached(make)`),
    expected: REFUSED,
    process: REACHED_BY_ROOT,
  },
  {
    does: 'changes its root directory',
    needs: 'python3',
    task: python("reached(lambda: os.chroot('/'))"),
    expected: REFUSED,
    process: REACHED_BY_ROOT,
  },
  {
    does: 'runs a setuid program',
    needs: 'python3',
    task: python(`
def run(program):
    said = subprocess.run([program, '-u'], capture_output=True, text=True)
    return said.stdout.strip() == '0'
reached(lambda: run(host['setuidProgram']))`),
    expected: REFUSED,
    process: REACHED_BY_ROOT,
  },
  {
    does: 'becomes root by the programs of the system',
    task: sh(
      'for i in "su -c id" "sudo -n id" "pkexec id" "newgrp root"; do $i </dev/null 2>/dev/null; done | grep -q uid=0 && echo reached || echo refused',
    ),
    expected: REFUSED,
    process: REACHED_BY_ROOT,
  },
  {
    does: 'raises its own limits',
    needs: 'python3',
    task: having(
      python(`
import resource
LIMIT = (1 << 20, 1 << 20)
reached(lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (5_000, 5_000)),
        lambda: resource.setrlimit(resource.RLIMIT_CPU, (5_000, 5_000)))`),
      { limits: { openFiles: 64 } },
    ),
    expected: REFUSED,
    // Root may where it has the capability, which it need not have in a container.
    process: { status: 'success' },
  },
  {
    does: 'dumps its core',
    needs: 'python3',
    task: having(python('os.abort()'), { collect: ['core', 'core*', '*'] }),
    expected: { ...FAILED, exitCode: null, signal: 'SIGABRT', collected: [] },
  },
  {
    does: 'writes whatever it can find a descriptor of',
    needs: 'python3',
    task: having(
      python(`
if confined('pid'):
    for name in os.listdir('/proc'):
        for number in range(3, 16) if name.isdigit() else []:
            try:
                target = os.open(f'/proc/{name}/fd/{number}', os.O_WRONLY | os.O_NONBLOCK)
                os.write(target, b'ready\\n0\\n{"exit-code": 0}\\n' + b'x' * 20_000)
            except OSError:
                pass
sys.exit(7)`),
      { limits: { timeoutMs: 5_000 } },
    ),
    expected: { ...FAILED, exitCode: 7 },
  },
  {
    does: 'fills the descriptors of its sandbox until nobody can write to them',
    needs: 'python3',
    task: having(
      python(`
if confined('pid'):
    for name in os.listdir('/proc'):
        for number in range(3, 16) if name.isdigit() else []:
            try:
                target = os.open(f'/proc/{name}/fd/{number}', os.O_WRONLY | os.O_NONBLOCK)
                for _ in range(200):
                    os.write(target, b'x' * 65_536)
            except OSError:
                pass
sys.exit(7)`),
      { limits: { timeoutMs: 5_000 } },
    ),
    expected: { ...FAILED, exitCode: 7 },
  },
  {
    does: 'exits as if it had been killed',
    task: sh('exit 137'),
    expected: { ...FAILED, exitCode: 137, signal: null },
  },
  {
    does: 'kills itself as if memory had run out',
    task: sh('kill -KILL $$'),
    expected: { ...FAILED, exitCode: null, signal: 'SIGKILL' },
  },
  {
    does: 'kills itself as if its CPU time had run out',
    task: sh('kill -XCPU $$'),
    expected: { ...FAILED, exitCode: null, signal: 'SIGXCPU' },
  },
  {
    does: 'floods the descriptors of its sandbox',
    needs: 'python3',
    task: having(
      python(`
for name in os.listdir('/proc') if confined('pid') else []:
    for number in range(3, 8) if name.isdigit() else []:
        try:
            target = os.open(f'/proc/{name}/fd/{number}', os.O_WRONLY | os.O_NONBLOCK)
            os.set_blocking(target, True)
            fork() or [os.write(target, b'x\\n' * 32_768) for _ in range(1_000_000)]
        except OSError:
            pass
time.sleep(1)
sys.exit(7)`),
      { limits: { timeoutMs: 8_000 } },
    ),
    expected: { ...FAILED, exitCode: 7 },
  },
  {
    does: 'calls the kernel by the numbers of another system',
    needs: 'python3',
    // The x32 bit with getpid: a filter that knows only the plain numbers would let it through.
    task: python("reached(lambda: os.uname().machine == 'x86_64' and call('syscall', 0x40000000 | 39))"),
    expected: REFUSED,
    process: { status: 'success' },
  },
  {
    does: 'crashes',
    task: sh('kill -SEGV $$'),
    expected: { ...FAILED, exitCode: null, signal: 'SIGSEGV' },
  },
  {
    does: 'writes to the directories of the system',
    needs: 'python3',
    task: python(`
def write(directory):
    path = os.path.join(directory, host['tag'])
    open(path, 'w').close()
    os.unlink(path)
reached(*[lambda directory=directory: write(directory) for directory in ('/usr', '/etc', '/', '/usr/bin', '/var')])`),
    expected: REFUSED,
    process: REACHED_BY_ROOT,
  },
];
