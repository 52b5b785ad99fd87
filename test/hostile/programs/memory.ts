import { having, MIB, type Program, python } from '../support/program.js';

const EXCEEDED = { status: 'memoryLimitExceeded', limit: 'memoryBytes' } as const;
const limited = (source: string, memoryBytes = 64 * MIB) =>
  having(python(source), { limits: { memoryBytes, workspaceBytes: 256 * MIB, timeoutMs: 10_000 } });

export const memoryPrograms: readonly Program[] = [
  {
    does: 'takes 256 MiB in one burst',
    needs: 'python3',
    task: limited('held = bytearray(256 << 20)\ntime.sleep(10)'),
    expected: EXCEEDED,
  },
  {
    does: 'takes memory slowly',
    needs: 'python3',
    task: limited(
      'held = []\nfor _ in range(200):\n    held.append(bytearray(1 << 20)); time.sleep(0.01)\ntime.sleep(10)',
    ),
    expected: EXCEEDED,
  },
  {
    does: 'takes memory by 200 MiB/s',
    needs: 'python3',
    task: limited(
      'held = []\nfor _ in range(128):\n    held.append(bytearray(4 << 20)); time.sleep(0.02)\ntime.sleep(10)',
      256 * MIB,
    ),
    expected: { ...EXCEEDED, warnedBelow: 256 * MIB },
  },
  {
    does: 'takes memory by many children',
    needs: 'python3',
    task: limited(
      'for _ in range(12):\n    if fork() == 0:\n        held = bytearray(8 << 20); time.sleep(10)\ntime.sleep(10)',
    ),
    expected: EXCEEDED,
  },
  {
    does: 'takes memory by children that leave its session',
    needs: 'python3',
    task: limited(
      'for _ in range(12):\n    if fork() == 0:\n        os.setsid()\n        held = bytearray(8 << 20); time.sleep(10)\ntime.sleep(10)',
    ),
    expected: EXCEEDED,
  },
  {
    does: 'takes memory by a shared mapping',
    needs: 'python3',
    task: limited(
      'held = mmap.mmap(-1, 128 << 20)\nfor at in range(0, 128 << 20, 4096):\n    held[at] = 1\ntime.sleep(10)',
    ),
    expected: EXCEEDED,
  },
  {
    does: 'takes memory by a file without a name',
    needs: 'python3',
    task: limited(
      "held = os.memfd_create('x')\nfor _ in range(128):\n    os.write(held, bytes(1 << 20))\ntime.sleep(10)",
    ),
    expected: EXCEEDED,
  },
  {
    does: 'takes memory by files in /dev/shm',
    needs: 'python3',
    task: limited(`
with open('/dev/shm/' + host['tag'], 'wb') as file:
    held = []
    for _ in range(48):
        file.write(bytes(1 << 20)); held.append(bytearray(1 << 20))
time.sleep(10)`),
    expected: EXCEEDED,
  },
  {
    does: 'takes memory by nothing but files in /dev/shm',
    needs: 'python3',
    task: limited(
      "with open('/dev/shm/' + host['tag'] + 'only', 'wb') as file:\n    for _ in range(144):\n        file.write(bytes(1 << 20))",
      96 * MIB,
    ),
    expected: EXCEEDED,
  },
  {
    does: 'takes memory by files in its workspace',
    needs: 'python3',
    task: limited(
      "with open('file', 'wb') as file:\n    for _ in range(96):\n        file.write(bytes(1 << 20))\nprint('done')",
    ),
    expected: EXCEEDED,
    process: { status: 'success', stdout: 'done\n' },
  },
];
