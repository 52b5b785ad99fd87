import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LimitWarning, Sidecar, type TaskInput, type TaskResult } from '../../../clients/node/index.js';
import { isAlive } from '../../support/processes.js';
import { useStrongestSandbox } from '../../support/strongest-sandbox.js';

useStrongestSandbox();

describe('with the sidecar of this package', () => {
  const warnings: LimitWarning[] = [];
  let sidecar: Sidecar;
  beforeAll(async () => {
    sidecar = await Sidecar.spawn({
      config: { maxConcurrentTasks: 4, queueSize: 12 },
      onLimitWarning: (warning) => warnings.push(warning),
    });
  });
  afterAll(() => sidecar.close({ mode: 'now' }));

  it('run gives the output and the exit code of a command', async () => {
    const result = await sidecar.run('sh', ['-c', 'echo out; echo err >&2; exit 3']);
    expect(result).toMatchObject({ status: 'failure', exitCode: 3, signal: null, stdout: 'out\n', stderr: 'err\n' });
  });

  it('run puts stdin, environment and files in, and takes files out', async () => {
    const result = await sidecar.run('sh', ['-c', 'cat; echo "$NAME"; tr a-z A-Z < in.txt > out.txt'], {
      stdin: 'given\n',
      env: { NAME: 'value' },
      files: { 'in.txt': 'shout' },
      collect: ['out.txt'],
    });
    expect(result).toMatchObject({ status: 'success', stdout: 'given\nvalue\n' });
    expect(result.files.map(({ path, data }) => [path, Buffer.from(data).toString()])).toEqual([['out.txt', 'SHOUT']]);
  });

  it('run gives what went wrong as a value', async () => {
    expect(await sidecar.run('no-such-command')).toMatchObject({ status: 'notExecuted', error: expect.anything() });
    expect(await sidecar.run('true', [], { limits: { timeoutMs: -1 } })).toMatchObject({
      status: 'notExecuted',
      error: { kind: 'validation', message: expect.stringContaining('limits.timeoutMs') },
    });
    expect(await sidecar.run('sleep', ['60'], { limits: { timeoutMs: 100 } })).toMatchObject({ status: 'timeout' });
  });

  it('a warning about a limit comes before the result of its task', async () => {
    const seen: string[] = [];
    const script = 'head -c 900 /dev/zero; sleep 0.3';
    await sidecar
      .run('sh', ['-c', script], {
        limits: { outputBytes: 1_000 },
        onLimitWarning: ({ limit, kind }) => seen.push(`${limit} ${kind}`),
      })
      .then(({ status }) => seen.push(status));
    expect(seen).toEqual(['outputBytes near', 'success']);
    expect(warnings.at(-1)).toMatchObject({ limit: 'outputBytes', configKey: 'limits.outputBytes' });
  });

  it('an aborted run leaves nothing running', async () => {
    const controller = new AbortController();
    const handle = sidecar.submit({ command: 'sleep', args: ['60'] }, { signal: controller.signal });
    const started = await handle.started;
    controller.abort(new Error('enough'));
    await expect(handle.result).rejects.toThrow('enough');
    expect(isAlive(started!.pid!)).toBe(false);
  });

  it('a handle streams both ways, and nothing is lost', async () => {
    const bytes = randomBytes(3_000_000);
    await using task = sidecar.submit({ command: 'cat', stdin: { stream: true }, output: { mode: 'stream' } });
    const hash = createHash('sha256');
    const [, received] = await Promise.all([
      pipeline(Readable.from(chunksOf(bytes, 100_000)), task.stdin),
      (async () => {
        let total = 0;
        for await (const { data } of task.output) {
          hash.update(data);
          total += data.byteLength;
        }
        return total;
      })(),
    ]);
    expect(received).toBe(bytes.byteLength);
    expect(hash.digest('hex')).toBe(createHash('sha256').update(bytes).digest('hex'));
    expect(await task.result).toMatchObject({ status: 'success', stdoutBytes: bytes.byteLength });
  });

  it('a flood that nobody reads holds back nobody else', async () => {
    const flood = sidecar.submit({ command: 'cat', args: ['/dev/zero'], output: { mode: 'stream' } });
    await flood.started;
    const results = await Promise.all(Array.from({ length: 8 }, (_, index) => sidecar.run('echo', [String(index)])));
    expect(results.map(({ stdout }) => stdout.trim())).toEqual(['0', '1', '2', '3', '4', '5', '6', '7']);
    flood.cancel('seen enough');
    expect(await flood.result).toMatchObject({ status: 'cancelled' });
  });

  it('a handle passes on signals', async () => {
    const task = sidecar.submit({
      command: 'sh',
      args: ['-c', 'trap "echo caught; exit 7" USR1; echo ready; while :; do sleep 0.05; done'],
      output: { mode: 'stream' },
    });
    let text = '';
    for await (const { stream, data } of task) {
      if (stream !== 'stdout') continue;
      text += Buffer.from(data).toString();
      if (text === 'ready\n') task.signal('SIGUSR1');
    }
    expect(text).toBe('ready\ncaught\n');
    expect(await task.result).toMatchObject({ status: 'failure', exitCode: 7 });
  });

  it('a batch gives its results in order, and a batch with a wrong task is refused whole', async () => {
    const echo = (text: string): TaskInput => ({ command: 'echo', args: [text] });
    const results = await sidecar.executeTasks([echo('a'), echo('b'), echo('c')]);
    expect(results.map(({ stdout }) => stdout)).toEqual(['a\n', 'b\n', 'c\n']);
    const refused = await sidecar.executeTasks([echo('a'), { command: '' }]);
    expect(refused.map(({ status }) => status)).toEqual(['notExecuted', 'notExecuted']);
  });

  it('map runs many more tasks than the window holds', async () => {
    let index = 0;
    async function* numbers() {
      for (let number = 0; number < 100; number += 1) yield number;
    }
    for await (const { stdout } of sidecar.map(numbers(), (number) => ({ command: 'echo', args: [`${number}`] }))) {
      expect(stdout).toBe(`${index}\n`);
      index += 1;
    }
    expect(index).toBe(100);
  });

  it('questions are answered', async () => {
    const { executionId } = await sidecar.run('echo', ['kept']);
    expect(await sidecar.lookup(executionId)).toMatchObject({ executionId, stdout: 'kept\n' });
    expect(await sidecar.lookup('00000000-0000-4000-8000-000000000000')).toBeUndefined();
    expect((await sidecar.statistics()).byStatus.success).toBeGreaterThan(0);
    expect((await sidecar.queueSnapshot()).map(({ name }) => name)).toContain('schedulerQueue');
    expect(await sidecar.health()).toMatchObject({ shuttingDown: false });
    expect(await sidecar.tasks()).toEqual([]);
    expect(await sidecar.ping()).toBeGreaterThan(0);
  });

  it('a task whose frame is too large is refused with the bound, and nothing else suffers', async () => {
    const running = sidecar.run('cat', [], { stdin: new Uint8Array(17_000_000) });
    await expect(running).rejects.toMatchObject({ code: 'too_large', limit: 'maxFrameBytes', capacity: 16_777_215 });
    expect(await sidecar.run('true')).toMatchObject({ status: 'success' });
  });
});

describe('the end of the sidecar of this package', () => {
  const sleep: TaskInput = { command: 'sleep', args: ['60'] };

  it('comes after every task that was submitted, with mode drain', async () => {
    const sidecar = await Sidecar.spawn({ config: { maxConcurrentTasks: 2, queueSize: 2 } });
    const tasks = Array.from({ length: 12 }, () => sidecar.submit({ command: 'sleep', args: ['0.05'] }));
    expect(await sidecar.close()).toMatchObject({ exitCode: 0, step: 'shutdown', bye: { completed: 12, leaked: 0 } });
    expect(await statuses(tasks)).toEqual(Array(12).fill('success'));
  });

  it('cancels every task, with mode now', async () => {
    const sidecar = await Sidecar.spawn({ config: { maxConcurrentTasks: 2, queueSize: 2 } });
    const tasks = Array.from({ length: 6 }, () => sidecar.submit(sleep));
    await tasks[0]!.started;
    expect(await sidecar.close({ mode: 'now' })).toMatchObject({ exitCode: 0, step: 'shutdown', bye: { leaked: 0 } });
    expect(await statuses(tasks)).toEqual(Array(6).fill('cancelled'));
  });

  it('by SIGKILL is told to every waiter, and takes its tasks with it', async () => {
    const sidecar = await Sidecar.spawn();
    const task = sidecar.submit(sleep);
    const accepted = await task.accepted;
    const started = await task.started;
    process.kill(sidecar.pid, 'SIGKILL');
    await expect(task.result).rejects.toMatchObject({
      code: 'sidecar_exited',
      signal: 'SIGKILL',
      accepted: true,
      executionId: accepted?.executionId,
    });
    await expect.poll(() => isAlive(started!.pid!), { timeout: 10_000 }).toBe(false);
  });

  it('comes at the start where the configuration is wrong, and names the field', async () => {
    await expect(Sidecar.spawn({ config: { queueSize: 0 } })).rejects.toMatchObject({
      code: 'protocol_error',
      protocolCode: 'invalid_config',
      exitCode: 78,
      message: expect.stringContaining('queueSize'),
    });
  });
});

function* chunksOf(bytes: Uint8Array, size: number): Iterable<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size);
}

async function statuses(tasks: readonly { result: Promise<TaskResult> }[]): Promise<string[]> {
  return (await Promise.all(tasks.map((task) => task.result))).map(({ status }) => status);
}
