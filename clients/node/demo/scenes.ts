import type { TaskStatus } from '../../../protocol/index.js';
import type { Sidecar } from '../sidecar.js';
import type { TaskInput } from '../task-input.js';

/** A task of the demo and how it is meant to end. */
export interface Scene {
  readonly label: string;
  readonly task: TaskInput;
  readonly ends: TaskStatus;
  /** What the host does while the task runs. */
  readonly meanwhile?: (handle: ReturnType<Sidecar['submit']>) => void | Promise<void>;
}

const sh = (script: string): Pick<TaskInput, 'command' | 'args'> => ({ command: 'sh', args: ['-c', script] });
const node = (script: string): Pick<TaskInput, 'command' | 'args'> => ({
  command: process.execPath,
  args: ['-e', script],
});
const python = (script: string): Pick<TaskInput, 'command' | 'args'> => ({ command: 'python3', args: ['-c', script] });

const MIB = 1_048_576;

/** Tasks that run side by side: what succeeds, what fails, and each limit striking once. */
export function scenes(hasPython: boolean): Scene[] {
  return [...plainScenes, ...failingScenes, ...limitScenes, ...hostScenes, ...(hasPython ? pythonScenes : [])];
}

const plainScenes: readonly Scene[] = [
  { label: 'hello', task: { command: 'echo', args: ['hello', 'world'] }, ends: 'success' },
  { label: 'a shell pipeline', task: sh('seq 1 1000 | sort -rn | head -1'), ends: 'success' },
  { label: 'node', task: node('console.log(6 * 7)'), ends: 'success' },
  { label: 'stdin as text', task: { command: 'wc', args: ['-w'], stdin: 'four words of input' }, ends: 'success' },
  { label: 'a clean environment', task: sh('env | cut -d= -f1 | sort | tr "\\n" " "'), ends: 'success' },
  { label: 'a variable', task: { ...sh('echo "$GREETING"'), env: { GREETING: 'good morning' } }, ends: 'success' },
  {
    label: 'files in and out',
    task: {
      ...sh('tr a-z A-Z < notes/in.txt > notes/out.txt'),
      files: { 'notes/in.txt': 'written by the host' },
      collect: ['notes/*.txt'],
    },
    ends: 'success',
  },
  { label: 'two streams', task: sh('echo to stdout; echo to stderr >&2'), ends: 'success' },
  { label: 'bytes that are no text', task: { command: 'head', args: ['-c', '64', '/dev/urandom'] }, ends: 'success' },
  { label: 'a background child', task: sh('sleep 60 & echo left behind'), ends: 'success' },
  { label: 'an escape with setsid', task: sh('setsid sleep 60 & echo gone anyway'), ends: 'success' },
  { label: 'discarded output', task: { ...sh('seq 1 100000'), output: { mode: 'discard' } }, ends: 'success' },
  {
    label: 'a flood, truncated',
    task: {
      ...sh('yes | head -c 4000000'),
      limits: { outputBytes: 100_000 },
      output: { onOverflow: 'truncate' },
    },
    ends: 'success',
  },
];

const failingScenes: readonly Scene[] = [
  { label: 'a failure', task: sh('echo no luck >&2; exit 3'), ends: 'failure' },
  { label: 'killed by itself', task: sh('kill -9 $$'), ends: 'failure' },
  { label: 'a syntax error', task: node('this is not JavaScript'), ends: 'failure' },
  { label: 'not found', task: { command: 'no-such-command' }, ends: 'notExecuted' },
  { label: 'a directory', task: { command: '/tmp' }, ends: 'notExecuted' },
  { label: 'a wrong limit', task: { command: 'true', limits: { timeoutMs: -5 } }, ends: 'notExecuted' },
  { label: 'a dangerous command', task: { command: 'mkfs.ext4', args: ['/dev/sda'] }, ends: 'notExecuted' },
  { label: 'a file outside', task: { command: 'true', files: { '../escape.txt': 'x' } }, ends: 'notExecuted' },
];

const limitScenes: readonly Scene[] = [
  { label: 'a timeout', task: { command: 'sleep', args: ['60'], limits: { timeoutMs: 600 } }, ends: 'timeout' },
  {
    label: 'a deaf sleeper',
    task: { ...sh('trap "" TERM INT; while :; do sleep 1; done'), limits: { timeoutMs: 600 } },
    ends: 'timeout',
  },
  {
    label: 'a busy loop',
    task: { ...sh('while :; do :; done'), limits: { cpuTimeMs: 500 } },
    ends: 'cpuLimitExceeded',
  },
  {
    label: 'a memory hog',
    task: {
      ...node('const hog = []; setInterval(() => hog.push(Buffer.alloc(8 << 20, 1)), 20)'),
      limits: { memoryBytes: 200 * MIB },
    },
    ends: 'memoryLimitExceeded',
  },
  {
    label: 'a flood',
    task: { command: 'yes', limits: { outputBytes: MIB } },
    ends: 'outputLimitExceeded',
  },
  {
    label: 'many processes',
    task: { ...sh('for i in $(seq 1 40); do sleep 30 & done; wait'), limits: { processes: 20 } },
    ends: 'processLimitExceeded',
  },
  {
    label: 'a file that grows',
    task: { command: 'dd', args: ['if=/dev/zero', 'of=big', 'bs=65536'], limits: { fileSizeBytes: MIB } },
    ends: 'resourceLimitExceeded',
  },
];

const hostScenes: readonly Scene[] = [
  {
    label: 'cancelled by the host',
    task: { command: 'sleep', args: ['60'] },
    ends: 'cancelled',
    meanwhile: async (handle) => {
      await handle.started;
      handle.cancel('the demo has seen enough');
    },
  },
  {
    label: 'a signal from the host',
    task: {
      ...sh('trap "echo goodbye; exit 0" USR1; echo ready; while :; do sleep 0.05; done'),
      output: { mode: 'stream' },
    },
    ends: 'success',
    meanwhile: async (handle) => {
      let isTold = false;
      for await (const _chunk of handle.output) {
        if (!isTold) handle.signal('SIGUSR1');
        isTold = true;
      }
    },
  },
  {
    label: 'streamed output',
    task: { ...sh('for i in 1 2 3; do echo "part $i"; sleep 0.1; done'), output: { mode: 'stream' } },
    ends: 'success',
    meanwhile: async (handle) => {
      for await (const _chunk of handle.output);
    },
  },
  {
    label: 'streamed stdin',
    task: { command: 'sort', stdin: { stream: true } },
    ends: 'success',
    meanwhile: (handle) => {
      for (const word of ['pear', 'apple', 'fig']) handle.stdin?.write(`${word}\n`);
      handle.stdin?.end();
    },
  },
];

const pythonScenes: readonly Scene[] = [
  { label: 'python', task: python('print(sum(range(101)))'), ends: 'success' },
  { label: 'a python traceback', task: python('raise SystemExit("gave up")'), ends: 'failure' },
];
