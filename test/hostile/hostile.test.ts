import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LimitWarning } from '../../protocol/index.js';
import { withoutBubblewrap } from '../sandbox/bubblewrap/support.js';
import { without } from '../support/requirements.js';
import { programs } from './programs/index.js';
import { NOTHING } from './support/remains.js';
import { type Backend, HostileRun } from './support/run.js';
import { expectVerdict } from './support/verdict.js';

/** The programs of the process backend that leave a file in /tmp and two in /dev/shm. */
const STRAYS = 3;

const backends: readonly Backend[] = ['bubblewrap', 'process'];

for (const backend of backends) {
  describe.skipIf(backend === 'bubblewrap' && withoutBubblewrap)(`under the ${backend} backend`, () => {
    let run: HostileRun;
    beforeAll(async () => {
      run = await HostileRun.start(backend);
    });
    afterAll(() => run?.[Symbol.asyncDispose]());

    describe.each(Object.entries(programs))('a program (%s) that', (_theme, ofTheme) => {
      for (const program of ofTheme) {
        const { does, needs, wants, task, drive, expected } = program;
        it.skipIf(needs !== undefined && without(needs)).concurrent(does, async ({ skip }) => {
          const bait = run.bait();
          if (wants?.(bait) === false) return skip();
          const warnings: LimitWarning[] = [];
          const result = await run.execute(task(bait), drive, warnings);
          const verdict = (backend === 'process' ? program.process : undefined) ?? expected;
          expectVerdict(result, warnings, verdict, run.sidecar.ready.enforcement);
          expect(await run.remains.ofTask(result.executionId, bait.tag)).toEqual(NOTHING);
          const next = await run.sidecar.run('echo', ['next']);
          expect([next.status, next.stdout]).toEqual(['success', 'next\n']);
        });
      }
    });

    it('a task has processes, cgroups and folders that are seen while it runs, and none when it is over', async () => {
      const { tag } = run.bait();
      const task = run.sidecar.submit({
        command: 'sh',
        args: ['-c', 'echo up; sleep 9', tag],
        output: { mode: 'stream' },
      });
      const executionId = (await task.accepted)!.executionId;
      for await (const _chunk of task.output) break;
      const running = await run.remains.ofTask(executionId, tag);
      expect(running.processes.length).toBeGreaterThan(0);
      const { enforcement } = run.sidecar.ready;
      expect(running.cgroups.length > 0).toBe(enforcement.memoryBytes.startsWith('cgroup'));
      expect(running.folders.length > 0).toBe(backend === 'process');
      task.cancel();
      expect((await task.result).status).toBe('cancelled');
      expect(await run.remains.ofTask(executionId, tag)).toEqual(NOTHING);
    });

    it('all of these programs together leave no process, cgroup, mount or workspace behind', async () => {
      expect(run.before).toEqual(NOTHING);
      expect(await run.remains.usedFolders()).toEqual([]);
      expect(await run.end()).toEqual({ exitCode: 0, leaked: 0, remains: NOTHING });
      expect(run.host.strays().length).toBe(backend === 'bubblewrap' ? 0 : STRAYS);
    });
  });
}
