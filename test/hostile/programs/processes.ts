import { having, type Program, python, REACHED, REFUSED, sh } from '../support/program.js';

const LIMITS = { limits: { processes: 40, timeoutMs: 8_000 } };
const TOO_MANY = { status: 'processLimitExceeded', limit: 'processes' } as const;
const DONE = { status: 'success', stdout: 'done\n' } as const;

/** Doubles eight times, which makes 256 processes where nothing stands in the way. */
const bomb = (inChild: string) => `
for _ in range(8):
    try:
        if fork() == 0:
            ${inChild}
    except OSError:
        time.sleep(0.01)
time.sleep(10)
`;

export const processPrograms: readonly Program[] = [
  { does: 'is a fork bomb', needs: 'python3', task: having(python(bomb('pass')), LIMITS), expected: TOO_MANY },
  {
    does: 'is a fork bomb of sessions',
    needs: 'python3',
    task: having(python(bomb('os.setsid()')), LIMITS),
    expected: TOO_MANY,
  },
  {
    does: 'collects zombies',
    needs: 'python3',
    task: having(python('for _ in range(200):\n    fork() or os._exit(0)\ntime.sleep(10)'), LIMITS),
    expected: TOO_MANY,
  },
  {
    does: 'leaves a daemon behind by double fork and setsid',
    needs: 'python3',
    task: python(`
if fork() == 0:
    os.setsid()
    if fork() == 0:
        time.sleep(15)
    os._exit(0)
os.wait()
print('done')`),
    expected: DONE,
  },
  {
    does: 'leaves a daemon behind that has no environment, no streams and another name',
    needs: 'python3',
    task: python(`
if fork() == 0:
    os.setsid()
    if fork() == 0:
        os.closerange(0, 64)
        os.execve('/bin/sleep', [host['tag'], '15'], {})
    os._exit(0)
os.wait()
print('done')`),
    expected: DONE,
  },
  {
    does: 'leaves a child that holds its stdout open',
    task: having(sh('sleep 15 & echo done'), { limits: { timeoutMs: 8_000 } }),
    expected: DONE,
  },
  {
    does: 'leaves stopped children in sessions of their own',
    task: sh('for i in 1 2 3; do setsid sh -c "kill -STOP \\$\\$; sleep 15" & done; sleep 0.2; echo done'),
    expected: DONE,
  },
  {
    does: 'ignores SIGTERM and all else that can be ignored',
    needs: 'python3',
    task: having(
      python(`
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
time.sleep(10)`),
      { limits: { timeoutMs: 700 } },
    ),
    expected: { status: 'timeout', limit: 'timeoutMs' },
  },
  {
    does: 'stops itself',
    task: having(sh('kill -STOP $$; echo done'), { limits: { timeoutMs: 700 } }),
    expected: { status: 'timeout', limit: 'timeoutMs', stdout: '' },
  },
  {
    does: 'stops its whole process group',
    task: having(sh('sleep 9 & kill -STOP 0; echo done'), { limits: { timeoutMs: 700 } }),
    expected: { status: 'timeout', limit: 'timeoutMs', stdout: '' },
  },
  {
    does: 'closes its standard streams early',
    task: having(sh('echo done; exec <&- >&- 2>&-; sleep 0.3; exit 3'), { stdin: 'x'.repeat(300_000) }),
    expected: { status: 'failure', exitCode: 3, stdout: 'done\n' },
  },
  {
    does: 'signals the sidecar',
    needs: 'python3',
    task: python("reached(lambda: os.kill(host['sidecarPid'], 0))"),
    expected: REFUSED,
    process: REACHED,
  },
  {
    does: 'signals every process there is',
    needs: 'python3',
    task: python(`
signal.signal(signal.SIGTERM, signal.SIG_IGN)
reached(lambda: os.kill(-1, signal.SIGTERM if confined('pid') else 0))`),
    expected: REFUSED,
    process: REACHED,
  },
  {
    does: 'kills everything that keeps its sandbox',
    needs: 'python3',
    task: python(ending('SIGKILL')),
    // It is told how the command ends: what keeps a sandbox is not to be killed from inside.
    expected: { status: 'failure', exitCode: 3 },
    process: REACHED,
  },
  {
    does: 'stops everything that keeps its sandbox',
    needs: 'python3',
    task: python(ending('SIGSTOP')),
    expected: { status: 'failure', exitCode: 3 },
    process: REACHED,
  },
  {
    does: 'traces another process',
    needs: 'python3',
    task: python(`
child = fork()
if child == 0:
    time.sleep(10)
ATTACH = 16
reached(lambda: call('ptrace', ATTACH, child, 0, 0))
os.kill(child, signal.SIGKILL)`),
    expected: REFUSED,
    process: REACHED,
  },
];

/** Sends a signal to all but itself where they are only those of its sandbox, and then goes on for a moment. */
function ending(signal: 'SIGKILL' | 'SIGSTOP'): string {
  return `
if not confined('pid'):
    reached(lambda: os.kill(os.getppid(), 0))
    sys.exit(0)
for name in os.listdir('/proc'):
    if name.isdigit() and int(name) != os.getpid():
        try:
            os.kill(int(name), signal.${signal})
        except OSError:
            pass
time.sleep(0.3)
sys.exit(3)`;
}
