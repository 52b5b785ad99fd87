import { having, MIB, type Program, python, sh } from '../support/program.js';

const EXCEEDED = { status: 'resourceLimitExceeded', limit: 'workspaceBytes' } as const;
const LIMITS = { limits: { workspaceBytes: 2 * MIB, fileSizeBytes: 16 * MIB, timeoutMs: 8_000 } };
const DONE = { status: 'success', stdout: 'done\n' } as const;

export const diskPrograms: readonly Program[] = [
  {
    does: 'fills the disk by one file',
    task: having(sh('head -c 8000000 /dev/zero > file; sleep 9'), LIMITS),
    expected: EXCEEDED,
  },
  {
    does: 'fills the disk by many files',
    task: having(sh('for i in 1 2 3 4 5 6; do head -c 500000 /dev/zero > $i; done; sleep 9'), LIMITS),
    expected: EXCEEDED,
  },
  {
    does: 'fills the disk by a file that it has deleted',
    task: having(sh('exec 5> file; rm file; head -c 8000000 /dev/zero >&5; sleep 1; echo done'), LIMITS),
    expected: EXCEEDED,
    process: DONE,
  },
  {
    does: 'fills the disk in its temporary directory',
    task: having(sh('head -c 8000000 /dev/zero > "$TMPDIR/file"; sleep 9'), LIMITS),
    expected: EXCEEDED,
  },
  {
    does: 'fills the disk in /tmp',
    task: having(sh('head -c 8000000 /dev/zero > "/tmp/$0"; sleep 1; echo done'), LIMITS),
    expected: EXCEEDED,
    process: DONE,
  },
  {
    does: 'writes a file that is larger than a file may be',
    task: having(sh('exec head -c 8000000 /dev/zero > file'), { limits: { fileSizeBytes: MIB } }),
    expected: { status: 'resourceLimitExceeded', limit: 'fileSizeBytes' },
  },
  {
    does: 'makes a sparse file that is larger than a file may be',
    task: having(sh('exec truncate -s 1G file'), { limits: { fileSizeBytes: MIB } }),
    expected: { status: 'resourceLimitExceeded', limit: 'fileSizeBytes' },
  },
  {
    does: 'makes sparse files that together are larger than the disk may be',
    task: having(sh('for i in 1 2 3 4; do truncate -s 1M $i; done; sleep 1; echo done'), LIMITS),
    expected: DONE,
    process: EXCEEDED,
  },
  {
    does: 'makes 20,000 files with nothing in them',
    needs: 'python3',
    task: python(`
os.mkdir('many')
for number in range(20_000):
    os.close(os.open(f'many/{number}', os.O_CREAT | os.O_WRONLY))
print('done')`),
    expected: DONE,
  },
  {
    does: 'makes directories too deep to have a path',
    needs: 'python3',
    task: python("for _ in range(1_000):\n    os.mkdir('d' * 200); os.chdir('d' * 200)\nprint('done')"),
    expected: DONE,
  },
  {
    does: 'forbids itself and everybody else to touch its directories',
    task: sh('mkdir -p a/b; echo x > a/b/c; chmod 0 a/b a; chmod 0 .; echo done'),
    expected: DONE,
  },
];
