import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Sidecar, type SidecarEnd, type SidecarStart } from '../../../clients/node/index.js';
import { useFakeSidecar } from '../../support/fake-sidecar/hooks.js';
import type { FakeProgram, Step } from '../../support/fake-sidecar/index.js';
import { isAlive } from '../../support/processes.js';
import { useTemporaryFolder } from '../../support/temporary-folder.js';
import { waitFor } from '../../support/wait-for.js';

const script = useFakeSidecar();
const folder = useTemporaryFolder();

const ONE_TASK: Step = { open: { ready: { window: { tasks: 1 } } } };
const CRASH: Step = { die: 'SIGKILL' };
const QUICK = { initialDelayMs: 1 };

describe('a sidecar that is restarted', () => {
  it('runs no task twice: what it was sent rejects and says how far it had come', async () => {
    const executable = await inTurn(
      script(
        { open: { ready: { window: { tasks: 3 } } } },
        { expect: 'submit', as: 'started' },
        { expect: 'submit', as: 'accepted' },
        { expect: 'submit' },
        { send: 'accepted', id: 'started', body: { executionId: 'execution-1', position: 0 } },
        { send: 'accepted', id: 'accepted', body: { executionId: 'execution-2', position: 0 } },
        { send: 'started', id: 'started', body: { queuedMs: 0 } },
        CRASH,
      ),
      script({ report: true }, { open: {} }, { serve: {} }),
    );
    const stderr: string[] = [];
    await using sidecar = await Sidecar.spawn({
      executable,
      restart: QUICK,
      onStderr: (text) => stderr.push(text),
    });
    const first = ['started', 'accepted', 'sent'].map((label) => sidecar.submit({ command: 'echo', label }));
    const unsent = sidecar.submit({ command: 'echo', args: ['unsent'], label: 'unsent' });
    const outcomes = await Promise.allSettled(first.map(({ result }) => result));
    const lost = { code: 'sidecar_exited', signal: 'SIGKILL', sent: true };
    expect(outcomes).toMatchObject([
      { reason: { ...lost, accepted: true, started: true, executionId: 'execution-1' } },
      { reason: { ...lost, accepted: true, started: false, executionId: 'execution-2' } },
      { reason: { ...lost, accepted: false, started: false, executionId: undefined } },
    ]);
    expect(await unsent.result).toMatchObject({ status: 'success', stdout: new TextEncoder().encode('unsent') });
    await sidecar.close();
    const submitted = stderr.join('').match(/"type":"submit.*/g);
    expect(submitted).toHaveLength(1);
    expect(submitted![0]).toContain('"label":"unsent"');
  });

  it('is asked and sent what came while there was none', async () => {
    const executable = await inTurn(
      script({ open: {} }, { expect: 'ping' }, CRASH),
      script({ open: {} }, { serve: {} }),
    );
    const ends: SidecarEnd[] = [];
    const starts: SidecarStart[] = [];
    await using sidecar = await Sidecar.spawn({
      executable,
      restart: { initialDelayMs: 50 },
      onExit: (end) => ends.push(end),
      onRestart: (start) => starts.push(start),
    });
    const { pid } = sidecar;
    await expect(sidecar.ping()).rejects.toMatchObject({ code: 'sidecar_exited', signal: 'SIGKILL', sent: false });
    await waitFor(() => ends.length === 1, 'the end to be told');
    expect(sidecar.healthReport).toBeUndefined();
    const results = Promise.all([
      sidecar.run('echo', ['later']),
      sidecar.executeTasks([{ command: 'echo', args: ['batch'] }]),
      sidecar.map([{ command: 'echo', args: ['mapped'] }]).next(),
      sidecar.ping(),
    ]);
    expect(await results).toMatchObject([
      { stdout: 'later' },
      [{ stdout: 'batch' }],
      { value: { stdout: 'mapped' } },
      expect.any(Number),
    ]);
    expect(ends).toMatchObject([{ exit: { signal: 'SIGKILL' }, error: { code: 'sidecar_exited' }, restartInMs: 50 }]);
    expect(starts).toEqual([{ pid: sidecar.pid, restarts: 1, downMs: expect.any(Number) }]);
    expect(starts[0]!.downMs).toBeGreaterThanOrEqual(49);
    expect(sidecar.pid).not.toBe(pid);
    expect(sidecar.healthReport).toMatchObject({ state: 'healthy' });
  });

  it('is given up when its crash budget is used up, with the settings by name and the last crash as the cause', async () => {
    const ends: SidecarEnd[] = [];
    const sidecar = await Sidecar.spawn({
      ...script({ open: {} }, { stderr: 'out of luck' }, { wait: 10 }, { exit: 70 }),
      restart: { ...QUICK, maxCrashes: 2, withinMs: 60_000 },
      onExit: (end) => ends.push(end),
    });
    expect(await sidecar.closed).toMatchObject({ exitCode: 70, step: undefined });
    const failure = {
      code: 'restarts_exhausted',
      crashes: 3,
      withinMs: 60_000,
      message: expect.stringMatching(
        /3 times within 60000 ms \(options restart.maxCrashes, which is 2, .*out of luck/s,
      ),
      cause: { code: 'sidecar_exited', exitCode: 70 },
    };
    await expect(sidecar.run('late')).rejects.toMatchObject(failure);
    await expect(sidecar.ping()).rejects.toMatchObject(failure);
    expect(ends.map(({ restartInMs }) => restartInMs)).toEqual([1, 2, undefined]);
    expect(await sidecar.close()).toBe(await sidecar.closed);
  });

  it('counts starts that fail as crashes, and tells who waited when it is given up', async () => {
    const executable = await inTurn(script(ONE_TASK, { expect: 'submit' }, CRASH), script({ exit: 9 }));
    const sidecar = await Sidecar.spawn({ executable, restart: { ...QUICK, maxCrashes: 3 } });
    const sent = sidecar.run('echo');
    const unsent = sidecar.submit({ command: 'echo' });
    const mapping = sidecar.map(never()).next();
    await expect(sent).rejects.toMatchObject({ code: 'sidecar_exited', signal: 'SIGKILL' });
    const failure = { code: 'restarts_exhausted', crashes: 4, cause: { code: 'sidecar_exited', exitCode: 9 } };
    await expect(unsent.result).rejects.toMatchObject(failure);
    await expect(mapping).rejects.toMatchObject(failure);
    expect(await sidecar.closed).toMatchObject({ signal: 'SIGKILL' });
  });

  it('is closed at once while it waits to be started again, and what waits for it is cancelled', async () => {
    const ends: SidecarEnd[] = [];
    const sidecar = await Sidecar.spawn({
      ...script(ONE_TASK, { expect: 'submit' }, CRASH),
      restart: { initialDelayMs: 3_600_000, maxDelayMs: 3_600_000 },
      onExit: (end) => ends.push(end),
    });
    sidecar.submit({ command: 'echo' });
    const unsent = sidecar.submit({ command: 'echo' });
    await waitFor(() => ends.length === 1, 'the crash');
    const question = sidecar.ping();
    expect(await sidecar.close()).toMatchObject({ signal: 'SIGKILL', step: undefined });
    expect(await unsent.result).toMatchObject({ status: 'cancelled', executionId: '' });
    await expect(question).rejects.toMatchObject({ code: 'sidecar_exited' });
    await expect(sidecar.run('late')).rejects.toMatchObject({ code: 'closed' });
  });

  it('is closed while it is started again, and nothing is left of the start', async () => {
    const pids: number[] = [];
    const executable = await inTurn(
      script({ open: {} }, CRASH),
      script({ ignore: ['endOfStdin', 'SIGTERM'] }, { stderr: 'pid:$PID' }),
    );
    const sidecar = await Sidecar.spawn({
      executable,
      restart: QUICK,
      onStderr: (text) => pids.push(Number(/pid:(\d+)/.exec(text)?.[1])),
    });
    await waitFor(() => pids.length === 1, 'the second start');
    const question = sidecar.ping();
    expect(await sidecar.close()).toMatchObject({ signal: 'SIGKILL' });
    await expect(question).rejects.toMatchObject({ code: 'sidecar_exited' });
    expect(isAlive(pids[0]!)).toBe(false);
  });

  it('does not come back after close', async () => {
    const starts: SidecarStart[] = [];
    const sidecar = await Sidecar.spawn({
      ...script({ open: {} }, { serve: {} }),
      restart: QUICK,
      onRestart: (start) => starts.push(start),
    });
    expect(await sidecar.close()).toMatchObject({ exitCode: 0, step: 'shutdown' });
    expect(starts).toEqual([]);
    expect(isAlive(sidecar.pid)).toBe(false);
  });

  it('refuses what the new one could never take, and runs the rest', async () => {
    const executable = await inTurn(
      script(ONE_TASK, { expect: 'submit' }, CRASH),
      script({ open: { ready: { window: { taskBytes: 1_000 } } } }, { serve: {} }),
    );
    await using sidecar = await Sidecar.spawn({ executable, restart: QUICK });
    sidecar.submit({ command: 'echo' });
    const large = sidecar.run('cat', [], { stdin: 'x'.repeat(2_000) });
    const small = sidecar.run('echo', ['small']);
    await expect(large).rejects.toMatchObject({ code: 'too_large', limit: 'window.taskBytes', capacity: 1_000 });
    expect(await small).toMatchObject({ stdout: 'small' });
  });

  /** A program that is the first of these when it is started first, then the second, and so on; the last one stays. */
  async function inTurn(...programs: readonly FakeProgram[]): Promise<string> {
    const path = join(folder(), 'in-turn.mjs');
    await writeFile(
      path,
      `import { appendFileSync, readFileSync } from 'node:fs';
       const programs = ${JSON.stringify(programs)};
       appendFileSync(${JSON.stringify(join(folder(), 'starts'))}, '.');
       const starts = readFileSync(${JSON.stringify(join(folder(), 'starts'))}, 'utf8').length;
       const { executable, args } = programs[Math.min(starts, programs.length) - 1];
       process.argv.push(...args);
       await import(executable);`,
    );
    return path;
  }
});

async function* never(): AsyncGenerator<{ command: string }> {
  await new Promise(() => {});
  yield { command: 'echo' };
}
