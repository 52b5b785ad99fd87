import type { TaskInput } from '../../../clients/node/index.js';
import type { Bait } from '../support/host.js';
import { type Expected, type Program, sh } from '../support/program.js';

const notExecuted = (kind: NonNullable<Expected['error']>['kind'], says: RegExp): Expected => ({
  status: 'notExecuted',
  exitCode: null,
  error: { kind, says },
});

const TRUE = { command: 'true' };
const task = (input: TaskInput) => () => input;
const file = (data: string | Uint8Array, mode = 0o755) => ({
  command: './program',
  files: [{ path: 'program', data, mode }],
});
const withMany = (count: number, length: number) => (bait: Bait) => ({
  command: 'sh',
  args: ['-c', 'echo $#', bait.tag, ...Array<string>(count).fill('x'.repeat(length))],
});

export const argumentPrograms: readonly Program[] = [
  {
    does: 'has an argument that is longer than one may be',
    task: withMany(1, 200_000),
    expected: notExecuted('execution', /200000 bytes.*131071/),
  },
  {
    does: 'has more arguments than there may be',
    task: withMany(70, 130_000),
    expected: notExecuted('execution', /bytes in all/),
  },
  {
    does: 'has arguments of a megabyte',
    task: withMany(10, 100_000),
    expected: { status: 'success', stdout: '10\n' },
  },
  {
    does: 'has a variable that is longer than one may be',
    task: task({ ...TRUE, env: { LONG: 'x'.repeat(200_000) } }),
    expected: notExecuted('execution', /bytes.*131071/),
  },
  {
    does: 'has a thousand variables',
    task: (bait) => ({
      ...sh('env | grep -c ^HOSTILE')(bait),
      env: Object.fromEntries(Array.from({ length: 1_000 }, (_, at) => [`HOSTILE_${at}`, 'x'.repeat(200)])),
    }),
    expected: { status: 'success', stdout: '1000\n' },
  },
  {
    does: 'has a NUL in its name',
    task: task({ command: 'tr\0ue' }),
    expected: notExecuted('validation', /command.*NUL/),
  },
  {
    does: 'has a NUL in an argument',
    task: task({ ...TRUE, args: ['a\0b'] }),
    expected: notExecuted('validation', /args.*NUL/),
  },
  {
    does: 'has a NUL in a variable',
    task: task({ ...TRUE, env: [['A', 'a\0b']] }),
    expected: notExecuted('validation', /env.*NUL/),
  },
  {
    does: 'has a NUL in the path of a file',
    task: task({ ...TRUE, files: { 'a\0b': '' } }),
    expected: notExecuted('validation', /files.*NUL/),
  },
  {
    does: 'has a variable whose name is an assignment',
    task: task({ ...TRUE, env: [['A=B', 'c']] }),
    expected: notExecuted('validation', /env/),
  },
  {
    does: 'has a NUL in a file, where it may be',
    task: (bait) => ({ ...sh('wc -c < data')(bait), files: { data: 'a\0b' } }),
    expected: { status: 'success', stdout: '3\n' },
  },
  {
    does: 'is a directory',
    task: task({ command: '/usr/bin' }),
    expected: notExecuted('execution', /is a directory/),
  },
  {
    does: 'is not there',
    task: task({ command: 'hostile-and-not-there' }),
    expected: notExecuted('execution', /not found in PATH/),
  },
  {
    does: 'may not be executed',
    task: task(file('#!/bin/sh\n', 0o644)),
    expected: notExecuted('execution', /not an executable file/),
  },
  {
    does: 'is a script without an interpreter',
    task: task(file('echo hello\n')),
    expected: notExecuted('execution', /begins with #!/),
  },
  {
    does: 'is a script whose interpreter is not there',
    task: task(file('#!/no/such/interpreter\n')),
    expected: notExecuted('execution', /interpreter.*\/no\/such\/interpreter/),
  },
  {
    does: 'is a binary for another machine',
    task: task(file(foreignBinary())),
    expected: notExecuted('execution', /another machine/),
  },
  { does: 'is an empty file', task: task(file('')), expected: notExecuted('execution', /is empty/) },
  {
    does: 'is garbage',
    task: task(file(Uint8Array.from({ length: 4_096 }, (_, at) => (at * 131) % 256))),
    expected: notExecuted('execution', /cannot be run/),
  },
  {
    does: 'asks for a limit that there is not',
    task: task({ ...TRUE, limits: { memoryByte: 1_000 } as TaskInput['limits'] }),
    expected: notExecuted('validation', /limits.*memoryByte/),
  },
  {
    does: 'asks for a limit above the ceiling',
    task: task({ ...TRUE, limits: { timeoutMs: 600_001 } }),
    expected: notExecuted('validation', /limits\.timeoutMs: 600001 is above the ceiling of 600000/),
  },
  {
    does: 'asks for a limit below zero',
    task: task({ ...TRUE, limits: { timeoutMs: -1 } }),
    expected: notExecuted('validation', /limits\.timeoutMs.*-1/),
  },
  {
    does: 'asks for a limit that its own sandbox cannot keep to',
    task: task({ ...TRUE, limits: { memoryBytes: 65_536 } }),
    expected: notExecuted('sandbox', /limits\.memoryBytes of 65536/),
    process: { status: 'memoryLimitExceeded', limit: 'memoryBytes' },
  },
  {
    does: 'puts a file outside of its workspace',
    task: task({ ...TRUE, files: { '../outside': 'x' } }),
    expected: notExecuted('validation', /files.*\.\.\/outside/),
  },
  {
    does: 'puts a file at an absolute path',
    task: task({ ...TRUE, files: { '/tmp/outside': 'x' } }),
    expected: notExecuted('validation', /files.*\/tmp\/outside/),
  },
  {
    does: 'starts outside of its workspace',
    task: task({ ...TRUE, cwd: '../..' }),
    expected: notExecuted('validation', /cwd/),
  },
  {
    does: 'starts in a directory of the host',
    task: task({ ...TRUE, cwd: '/etc' }),
    expected: notExecuted('validation', /cwd.*\/etc/),
  },
  {
    does: 'would take the machine down',
    task: task({ command: 'reboot' }),
    expected: notExecuted('security', /dangerous commands/),
  },
];

/** The head of an ELF file: a program for arm64 where this machine is none, else for x86-64. */
function foreignBinary(): Uint8Array {
  const head = Buffer.alloc(256);
  head.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  head.writeUInt16LE(2, 16);
  head.writeUInt16LE(process.arch === 'arm64' ? 62 : 183, 18);
  head.writeUInt32LE(1, 20);
  head.writeUInt16LE(64, 52);
  return head;
}
