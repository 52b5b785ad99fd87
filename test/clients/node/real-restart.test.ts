import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Sidecar, SidecarLostError } from '../../../clients/node/index.js';
import { isAlive } from '../../support/processes.js';
import { useTemporaryFolder } from '../../support/temporary-folder.js';
import { waitFor } from '../../support/wait-for.js';

const folder = useTemporaryFolder();

const TASKS = 60;
const KILLS = 4;

describe('the sidecar of this package, killed again and again and restarted', () => {
  it('settles every promise, and runs no task twice', async () => {
    const ran = join(folder(), 'ran');
    const pids = new Set<number>();
    await using sidecar = await Sidecar.spawn({
      config: { sandbox: 'process', maxConcurrentTasks: 4, queueSize: 4 },
      restart: { initialDelayMs: 10, maxCrashes: 100 },
      onRestart: ({ pid }) => pids.add(pid),
    });
    pids.add(sidecar.pid);
    let succeeded = 0;
    const tasks = Array.from({ length: TASKS }, async (_, index) => {
      const script = `echo ${index} >> "$RAN"; sleep 0.05`;
      const { status } = await sidecar.run('sh', ['-c', script], { env: { RAN: ran } });
      succeeded += 1;
      return status;
    });
    const outcomes = Promise.allSettled(tasks);
    for (let kills = 1; kills <= KILLS; kills += 1) {
      const before = succeeded;
      await waitFor(() => succeeded >= before + 3, 'tasks to succeed');
      process.kill(sidecar.pid, 'SIGKILL');
      await waitFor(() => pids.size === kills + 1, 'a new sidecar');
    }
    const settled = await outcomes;
    const lines = (await readFile(ran, 'utf8')).trim().split('\n').map(Number);
    expect(lines).toHaveLength(new Set(lines).size);
    for (const [index, outcome] of settled.entries()) {
      if (outcome.status === 'fulfilled') {
        expect(outcome.value).toBe('success');
        expect(lines).toContain(index);
      } else {
        expect(outcome.reason).toBeInstanceOf(SidecarLostError);
        expect(outcome.reason).toMatchObject({ code: 'sidecar_exited', signal: 'SIGKILL', sent: true });
      }
    }
    // At each kill the sidecar has at most a window of tasks: queueSize + maxConcurrentTasks.
    expect(TASKS - succeeded).toBeLessThanOrEqual(KILLS * 8);
    expect(TASKS - succeeded).toBeGreaterThan(0);
    await sidecar.close();
    expect([...pids].filter(isAlive)).toEqual([]);
  });
});
