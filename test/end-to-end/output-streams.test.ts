import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Sidecar } from '../../clients/node/index.js';
import { without } from '../support/requirements.js';

/** Writes MiB of random bytes in pieces of all sizes, and then what they hash to on stderr. */
const WRITER = `
import hashlib, random, sys
numbers = random.Random(int(sys.argv[1]))
hash = hashlib.sha256()
left = 20 * 1048576
while left > 0:
    piece = numbers.randbytes(min(left, numbers.choice([1, 1000, 16384, 65536, 65536, 65536, 300000])))
    hash.update(piece)
    sys.stdout.buffer.write(piece)
    if numbers.random() < 0.1: sys.stdout.buffer.flush()
    left -= len(piece)
sys.stdout.buffer.flush()
sys.stderr.write(hash.hexdigest())
`;

describe.skipIf(without('python3'))('streamed output', () => {
  it.each(['output', 'lentOutput'] as const)(
    'is what was written, of several tasks at once, however fast each is taken (%s)',
    { timeout: 60_000 },
    async (output) => {
      await using sidecar = await Sidecar.spawn({ config: { sandbox: 'process' } });
      const stream = async (seed: number) => {
        const hash = createHash('sha256');
        const said: Uint8Array[] = [];
        const task = sidecar.submit({
          command: 'python3',
          args: ['-c', WRITER, String(seed)],
          output: { mode: 'stream' },
          limits: { outputBytes: 100_000_000 },
        });
        for await (const { stream, data } of task[output]) {
          if (stream === 'stderr') said.push(data.slice());
          else hash.update(data);
          if (seed % 2 === 0 && data.byteLength % 7 === 0) await sleep(1);
        }
        expect(await task.result).toMatchObject({ status: 'success', truncated: { stdout: false } });
        expect(hash.digest('hex')).toBe(Buffer.concat(said).toString());
      };
      await Promise.all([1, 2, 3, 4].map(stream));
    },
  );
});
