import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LimitWarning, Task, TaskResult } from '../../../protocol/index.js';
import { DEFAULT_EXECUTOR_CONFIG, TaskExecutor } from '../../../src/executor/index.js';
import { QueueRegistry } from '../../../src/tracking/index.js';
import { createKeepingLogger } from '../../support/logs.js';
import { TestSandbox } from '../support/sandbox.js';
import { withoutBubblewrap } from './support.js';

const MIB = 1_048_576;
const python = (source: string, limits: Task['limits']) => ({ command: 'python3', args: ['-c', source], limits });
const sh = (source: string, limits: Task['limits']) => ({ command: 'sh', args: ['-c', source], limits });

describe.skipIf(withoutBubblewrap).each(['bubblewrap', 'process'] as const)(
  'a limit under the %s backend',
  (backend) => {
    let sandbox: TestSandbox;
    let executor: TaskExecutor;
    const warnings: LimitWarning[] = [];
    beforeAll(async () => {
      sandbox = await TestSandbox.open({ backend, network: true });
      const registry = new QueueRegistry();
      registry.setLimitWarningHandler((warning) => warnings.push(warning));
      const config = { ...DEFAULT_EXECUTOR_CONFIG, memoryBudgetBytes: 8 * 1024 * MIB };
      executor = new TaskExecutor({ config, sandbox: sandbox.manager, registry, logger: createKeepingLogger() });
    });
    afterAll(async () => {
      await executor?.close();
      await sandbox?.[Symbol.asyncDispose]();
    });

    const run = async (task: Task): Promise<{ result: TaskResult; kinds: string[] }> => {
      const [result] = await executor.executeTasks([task]);
      const own = warnings.filter(
        ({ scope, limit }) => scope === result!.executionId && limit === result!.limitsExceeded[0]?.limit,
      );
      return { result: result!, kinds: own.map(({ kind }) => kind) };
    };

    it.each([
      ['a burst', 'x = bytearray(1 << 28)'],
      ['growth by 200 MiB/s', 'import time\nx = []\nwhile True: x.append(bytearray(4 << 20)); time.sleep(0.02)'],
      [
        'many children',
        'import os, time\nfor i in range(12): os.fork() or (bytearray(8 << 20), time.sleep(30))\nos.wait()',
      ],
      ['a shared mapping', 'import mmap\nm = mmap.mmap(-1, 1 << 28)\nfor i in range(0, 1 << 28, 4096): m[i] = 1'],
      ['files in /dev/shm and memory', 'import os\nf = os.memfd_create("x")\nwhile True: os.write(f, bytes(1 << 20))'],
    ])('of memory that is exceeded by %s has its evidence, and its warning first', async (_how, source) => {
      const { result, kinds } = await run(python(source, { memoryBytes: 64 * MIB }));
      expect(result.status).toBe('memoryLimitExceeded');
      expect(result.limitsExceeded[0]).toMatchObject({
        limit: 'memoryBytes',
        capacity: 64 * MIB,
        confidence: 'measured',
      });
      expect(result.limitsExceeded[0]?.enforcedBy).toMatch(/^cgroup-v/);
      expect(kinds).toEqual(['near', 'exhausted']);
      expect(result.usage.memoryPeakBytes).toBeGreaterThan(32 * MIB);
    });

    it('of memory is warned of well before it strikes where memory grows by 200 MiB/s', async () => {
      const source = 'import time\nx = []\nwhile True: x.append(bytearray(4 << 20)); time.sleep(0.02)';
      const { result } = await run(python(source, { memoryBytes: 256 * MIB }));
      const own = warnings.filter(({ scope, limit }) => scope === result.executionId && limit === 'memoryBytes');
      expect(own[0]).toMatchObject({ kind: 'near' });
      expect(own[0]!.observed).toBeLessThan(256 * MIB);
      expect(result.status).toBe('memoryLimitExceeded');
    });

    it('of processes ends a fork bomb', async () => {
      const { result, kinds } = await run(sh('b() { b | b & }; b; sleep 30', { processes: 40 }));
      expect(result.status).toBe('processLimitExceeded');
      expect(result.limitsExceeded[0]).toMatchObject({ limit: 'processes', capacity: 40, confidence: 'measured' });
      expect(kinds).toEqual(['near', 'exhausted']);
    });

    it('of CPU time counts children that have long ended', async () => {
      const source = 'while :; do sh -c "i=0; while [ \\$i -lt 3000 ]; do i=\\$((i+1)); done"; done';
      const { result, kinds } = await run(sh(source, { cpuTimeMs: 400 }));
      expect(result.status).toBe('cpuLimitExceeded');
      expect(result.limitsExceeded[0]).toMatchObject({ limit: 'cpuTimeMs', confidence: 'measured' });
      expect(kinds).toEqual(['near', 'exhausted']);
    });

    it('is told from a crash and from an exit code above 128', async () => {
      expect((await run(sh('kill -KILL $$', {}))).result).toMatchObject({ status: 'failure', signal: 'SIGKILL' });
      expect((await run(sh('exit 137', {}))).result).toMatchObject({
        status: 'failure',
        exitCode: 137,
        limitsExceeded: [],
      });
    });

    it('comes with the usage of the shortest task', async () => {
      const { usage, status } = (await run({ command: 'true' })).result;
      expect(status).toBe('success');
      expect(usage.cpuMs).not.toBeNull();
      expect(usage.memoryPeakBytes).toBeGreaterThan(0);
      expect(usage.ioReadBytes === null || usage.ioReadBytes >= 0).toBe(true);
    });

    it('of the workspace ends what writes past it', async () => {
      const { result } = await run(sh('head -c 3000000 /dev/zero > f; sleep 20', { workspaceBytes: MIB }));
      const enforcedBy = backend === 'bubblewrap' ? 'tmpfs' : 'sampled';
      expect(result.status).toBe('resourceLimitExceeded');
      expect(result.limitsExceeded[0]).toMatchObject({ limit: 'workspaceBytes', enforcedBy });
    });

    it('is one that the kernel holds where a task requires it, or the task is refused', async () => {
      const { result } = await run({ command: 'true', require: 'kernel' });
      if (backend === 'bubblewrap') expect(result.status).toBe('success');
      else expect(result).toMatchObject({ status: 'notExecuted', error: { kind: 'sandbox' } });
    });
  },
);
