import { deepEqual, fail } from 'node:assert/strict';
import type { Sidecar, TaskInput } from '../../clients/node/index.js';
import type { TaskResult } from '../../protocol/index.js';
import type { Random } from '../support/random.js';
import type { Tally } from './tally.js';

/** What one turn of a soak has to work with. */
export interface Turn {
  readonly sidecar: Sidecar;
  readonly random: Random;
  readonly tally: Tally;
}

/** Something that a host does with a sidecar. */
export interface Kind {
  readonly name: string;
  /** How often it is chosen, in proportion to the others. */
  readonly weight: number;
  /** Does it once, to its end. Rejects where the sidecar does something else than it should. */
  readonly play: (turn: Turn) => Promise<void>;
}

/** What has to be in a result. A list of statuses says that any of them may be. */
export type Expected = Omit<Partial<TaskResult>, 'status' | 'stdout' | 'stderr'> & {
  readonly status: TaskResult['status'] | readonly TaskResult['status'][];
  readonly stdout?: string;
};

/** A kind that submits a task and waits for the result that it has to have. */
export function taskKind(
  name: string,
  weight: number,
  task: TaskInput | ((random: Random) => TaskInput),
  expected: Expected,
): Kind {
  return {
    name,
    weight,
    async play({ sidecar, random, tally }) {
      const input = typeof task === 'function' ? task(random) : task;
      expectResult(await tally.result(sidecar.submit(input)), expected);
    },
  };
}

/** A task that runs a shell script. */
export function sh(script: string, more: Omit<TaskInput, 'command' | 'args'> = {}): TaskInput {
  return { command: 'sh', args: ['-c', script], ...more };
}

/** @throws AssertionError showing both */
export function expectResult(result: TaskResult, { status, stdout, ...fields }: Expected): void {
  const statuses: readonly string[] = typeof status === 'string' ? [status] : status;
  if (!statuses.includes(result.status)) {
    fail(`${result.status} instead of ${statuses.join(' or ')}: ${result.error?.message ?? text(result.stderr)}`);
  }
  if (stdout !== undefined) deepEqual(text(result.stdout), stdout);
  for (const [field, value] of Object.entries(fields)) deepEqual(result[field as keyof TaskResult], value, field);
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}
