import { having, type Program, sh } from '../support/program.js';

const EXCEEDED = { status: 'outputLimitExceeded', limit: 'outputBytes' } as const;
const LIMITS = { limits: { outputBytes: 65_536, timeoutMs: 8_000 } };

export const outputPrograms: readonly Program[] = [
  { does: 'floods its output', task: having(sh('yes | head -c 20000000; sleep 9'), LIMITS), expected: EXCEEDED },
  {
    does: 'floods its output without a newline',
    task: having(sh('head -c 20000000 /dev/zero; sleep 9'), LIMITS),
    expected: EXCEEDED,
  },
  {
    does: 'floods its standard error',
    task: having(sh('head -c 20000000 /dev/zero >&2; sleep 9'), LIMITS),
    expected: EXCEEDED,
  },
  {
    does: 'floods its output by two writers, neither of which exceeds the limit alone',
    task: having(sh('head -c 40000 /dev/zero & head -c 40000 /dev/zero >&2; sleep 9'), LIMITS),
    expected: EXCEEDED,
  },
  {
    does: 'floods its output by a child after its own end',
    task: having(sh('(sleep 0.5; head -c 20000000 /dev/zero) & echo done'), LIMITS),
    expected: { status: 'success', stdout: 'done\n' },
  },
  {
    does: 'floods its output, by name',
    task: having(sh('head -c 20000000 /dev/zero > /dev/stdout; sleep 9'), LIMITS),
    expected: EXCEEDED,
  },
  {
    does: 'does not read the input that it is given',
    task: having(sh('sleep 0.3; echo done'), { stdin: 'x'.repeat(4_000_000) }),
    expected: { status: 'success', stdout: 'done\n' },
  },
  {
    does: 'fills a window of output that nobody reads',
    task: having(sh('head -c 6000000 /dev/zero'), { output: { mode: 'stream' }, limits: { timeoutMs: 1_500 } }),
    drive: async (sidecar, task, onLimitWarning) => {
      const handle = sidecar.submit(task);
      handle.onLimitWarning(onLimitWarning);
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      for await (const _chunk of handle.output) break;
      return handle.result;
    },
    expected: { status: 'timeout', limit: 'timeoutMs' },
  },
];
