import { type Kind, sh, taskKind } from '../kind.js';

/** Tasks of which nothing is wanted but their result. */
export const plainKinds: readonly Kind[] = [
  taskKind('a short task', 12, { command: 'echo', args: ['hi'] }, { status: 'success', stdout: 'hi\n' }),
  taskKind('a priority', 6, (random) => ({ command: 'true', priority: random.integer(-5, 5) }), {
    status: 'success',
  }),
  taskKind('a failure', 6, sh('echo no >&2; exit 3'), { status: 'failure', exitCode: 3, stderrBytes: 3 }),
  taskKind('its own SIGSEGV', 2, sh('kill -SEGV $$'), { status: 'failure', exitCode: null, signal: 'SIGSEGV' }),
  taskKind('no such command', 3, { command: 'no-such-command' }, { status: 'notExecuted' }),
  taskKind('a denied command', 2, { command: 'mkfs', args: ['/dev/null'] }, { status: 'notExecuted' }),
  taskKind('a wrong limit', 3, { command: 'true', limits: { timeoutMs: -1 } }, { status: 'notExecuted' }),
  taskKind('a child left behind', 3, sh('sleep 60 & (setsid sleep 60 &) ; exit 0'), { status: 'success' }),
  taskKind('stdin given whole', 4, { command: 'cat', stdin: 'given' }, { status: 'success', stdout: 'given' }),
  taskKind(
    'usage events',
    2,
    { command: 'sleep', args: ['0.1'], usageEventsMs: 20, label: 'watched' },
    { status: 'success', label: 'watched' },
  ),
  taskKind(
    'files',
    5,
    (random) => ({
      ...sh('mkdir out; cat in > out/copy; wc -c < in'),
      files: { in: 'x'.repeat(random.integer(1, 100_000)) },
      collect: ['out/*'],
    }),
    { status: 'success' },
  ),
  // So few different ones that most of them have been run before.
  taskKind(
    'an answer from the cache',
    6,
    (random) => ({ command: 'echo', args: [`${random.integer(1, 5)}`], cache: true }),
    { status: 'success', exitCode: 0 },
  ),
];
