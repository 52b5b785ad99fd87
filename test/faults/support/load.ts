/** What a host program is told. */
export interface HostOrders {
  readonly executable: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string>>;
  readonly tasksAtOnce: number;
}

/** How the promises of a host settled whose sidecar was killed. */
export interface SettledReport {
  readonly pending: number;
  readonly codes: Readonly<Record<string, number>>;
}

export interface LoadTask {
  readonly command: string;
  readonly args: readonly string[];
  readonly stdin?: string;
}

const tasks: readonly LoadTask[] = [
  { command: 'sh', args: ['-c', 'setsid sleep 60 & trap "" TERM; sleep 60'] },
  { command: 'true', args: [] },
  { command: 'sh', args: ['-c', 'echo kept > file; sleep 0.2'] },
  { command: 'cat', args: [], stdin: 'x'.repeat(100_000) },
  { command: 'sh', args: ['-c', 'sleep 60 | sleep 60'] },
  { command: 'seq', args: ['100000'] },
];

/** The tasks of a load, in turn: short ones, and those that only end when they are made to. */
export function loadTask(turn: number): LoadTask {
  return tasks[turn % tasks.length]!;
}
