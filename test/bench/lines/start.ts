import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type Backend, OURS, simpleContestant, spawnSidecar } from '../contestant.js';
import type { Contestant, Line, Sample } from '../line.js';

/** Amounts are in starts. What a sidecar does after `ready` is not measured. */
export const start: Line = {
  name: 'start',
  what: 'spawn to ready',
  figures: { startMs: 'ms' },
  contestants: [
    starting(OURS, 'auto'),
    simpleContestant('node -e 0', ({ amount }) => mean(amount, runNode)),
    starting('sidecar, sandbox process', 'process'),
    starting('sidecar, sandbox bubblewrap', 'bubblewrap'),
  ],
  goals: [{ figure: 'startMs', against: 'node -e 0', atMost: 1.8 }],
  amount: { full: 2, quick: 1 },
  rounds: { full: 12, quick: 1 },
  warmUpRounds: { full: 2, quick: 0 },
};

function starting(name: string, backend: Backend): Contestant {
  return {
    name,
    async open() {
      // Whether it starts at all is found out before it is measured.
      await startMs(backend);
      return {
        round: ({ amount }) => mean(amount, () => startMs(backend)),
        [Symbol.asyncDispose]: async () => undefined,
      };
    },
  };
}

async function startMs(backend: Backend): Promise<number> {
  const begun = performance.now();
  const sidecar = await spawnSidecar(backend);
  const tookMs = performance.now() - begun;
  await sidecar.close({ mode: 'now' });
  return tookMs;
}

/** Without what the sidecar is spared as well: how many certificates a machine has is not to decide the comparison. */
async function runNode(): Promise<number> {
  const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
  const begun = performance.now();
  await once(spawn(process.execPath, ['-e', '0'], { env, stdio: 'ignore' }), 'exit');
  return performance.now() - begun;
}

async function mean(times: number, takeMs: () => Promise<number>): Promise<Sample> {
  let sum = 0;
  for (let time = 0; time < times; time += 1) sum += await takeMs();
  return { startMs: sum / times };
}
