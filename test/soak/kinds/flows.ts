import { equal } from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TaskInput } from '../../../clients/node/index.js';
import { expectResult, type Kind, type Turn, taskKind } from '../kind.js';

const flood = (bytes: number): TaskInput => ({ command: 'head', args: ['-c', `${bytes}`, '/dev/zero'] });

/** Tasks through which much flows. */
export const flowKinds: readonly Kind[] = [
  taskKind('a flood, collected', 3, flood(1_000_000), { status: 'success', stdoutBytes: 1_000_000 }),
  taskKind(
    'a flood, truncated',
    3,
    { ...flood(1_000_000), limits: { outputBytes: 100_000 }, output: { onOverflow: 'truncate' } },
    { status: 'success', stdoutBytes: 1_000_000, truncated: { stdout: true, stderr: false } },
  ),
  taskKind(
    'a flood, discarded',
    2,
    { ...flood(2_000_000), output: { mode: 'discard' } },
    { status: 'success', stdoutBytes: 2_000_000 },
  ),
  { name: 'a flood, streamed', weight: 3, play: (turn) => readAll(turn, 2_000_000, 0) },
  { name: 'a flood, streamed to a slow reader', weight: 2, play: (turn) => readAll(turn, 700_000, 20) },
  { name: 'a flood, streamed and left', weight: 2, play: leave },
  { name: 'stdin, streamed', weight: 3, play: writeAll },
];

/** Reads the output of a task to its end, with so long a rest after each chunk. */
async function readAll({ sidecar, tally }: Turn, bytes: number, restMs: number): Promise<void> {
  const handle = sidecar.submit({ ...flood(bytes), output: { mode: 'stream' } });
  let read = 0;
  for await (const { data } of handle.output) {
    read += data.byteLength;
    if (restMs > 0) await sleep(restMs);
  }
  expectResult(await tally.result(handle), { status: 'success', stdoutBytes: bytes });
  equal(read, bytes);
}

/** Breaks off reading: the task goes on to its end. */
async function leave({ sidecar, tally }: Turn): Promise<void> {
  const handle = sidecar.submit({ ...flood(1_500_000), output: { mode: 'stream' } });
  for await (const { offset } of handle.output) if (offset > 200_000) break;
  expectResult(await tally.result(handle), { status: 'success', stdoutBytes: 1_500_000 });
}

async function writeAll({ sidecar, random, tally }: Turn): Promise<void> {
  const handle = sidecar.submit({ command: 'sha256sum', stdin: { stream: true } });
  const hash = createHash('sha256');
  for (let piece = random.integer(1, 12); piece > 0; piece -= 1) {
    const bytes = randomBytes(random.integer(1, 100_000));
    hash.update(bytes);
    await new Promise((resolve) => handle.stdin.write(bytes, resolve));
  }
  handle.stdin.end();
  expectResult(await tally.result(handle), { status: 'success', stdout: `${hash.digest('hex')}  -\n` });
}
