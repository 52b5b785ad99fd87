import { having, type Program, python } from '../support/program.js';

const EXCEEDED = { status: 'cpuLimitExceeded', limit: 'cpuTimeMs' } as const;
const limited = (source: string) => having(python(source), { limits: { cpuTimeMs: 400, timeoutMs: 10_000 } });

export const cpuPrograms: readonly Program[] = [
  {
    does: 'spins',
    needs: 'python3',
    task: limited('while time.process_time() < 8:\n    pass'),
    expected: EXCEEDED,
  },
  {
    does: 'spins in many threads',
    needs: 'python3',
    task: limited(`
import hashlib, threading
work = lambda: hashlib.pbkdf2_hmac('sha256', b'x', b'y', 5_000_000)
threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()`),
    expected: EXCEEDED,
  },
  {
    does: 'spins in many short children',
    needs: 'python3',
    task: limited(`
end = time.monotonic() + 8
while time.monotonic() < end:
    if fork() == 0:
        while time.process_time() < 0.02:
            pass
        os._exit(0)
    os.wait()`),
    expected: EXCEEDED,
  },
  {
    does: 'spins in a relay of orphans while it sleeps',
    needs: 'python3',
    task: limited(`
if fork():
    os.wait()
    time.sleep(8)
    sys.exit(0)
os.setsid()
for _ in range(160):
    start = time.process_time()
    if fork():
        os._exit(0)
    while time.process_time() < 0.05:
        pass`),
    expected: EXCEEDED,
  },
];
