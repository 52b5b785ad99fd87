import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Sidecar } from '../../clients/node/index.js';
import { encodeFrame } from '../../protocol/index.js';
import { useTemporaryFolder } from '../support/temporary-folder.js';
import { waitFor } from '../support/wait-for.js';
import { loadTranscripts } from './check-sidecar.js';
import { failuresIn, RUNNER, readReport, TRANSCRIPTS } from './support/runner.js';

const transcripts = loadTranscripts(TRANSCRIPTS).filter(({ header }) => header.plays === 'sidecar');
const folder = useTemporaryFolder();

/** What the header of each transcript asks the user of the client to do. */
const users: Readonly<Record<string, (spawn: () => Promise<Sidecar>) => Promise<unknown>>> = {
  'client-opening': (open) => using(open, async () => undefined),
  'client-runs-a-task': (open) => using(open, (sidecar) => sidecar.run('echo', ['hello'])),
  'client-failed-task': (open) => using(open, (sidecar) => sidecar.run('no-such-command')),
  'client-streamed-output': (open) =>
    using(open, async (sidecar) => {
      const task = sidecar.submit({ command: 'cat', output: { mode: 'stream' } });
      for await (const _ of task.output);
      return task.result;
    }),
  'client-streamed-stdin': (open) =>
    using(open, async (sidecar) => {
      const task = sidecar.submit({ command: 'cat', stdin: { stream: true } });
      task.stdin!.end('a'.repeat(20));
      return task.result;
    }),
  'client-cancels': (open) =>
    using(open, async (sidecar) => {
      const task = sidecar.submit({ command: 'sleep', args: ['60'] });
      await task.started;
      task.cancel();
      return task.result;
    }),
  'client-keeps-to-the-task-window': (open) => using(open, runTwo),
  'client-tells-ids-apart': (open) => using(open, runTwo),
  'client-batch': (open) => using(open, (sidecar) => sidecar.executeTasks([{ command: 'one' }, { command: 'two' }])),
  'client-asks': (open) => using(open, (sidecar) => sidecar.health()),
  'client-tolerates': (open) => using(open, (sidecar) => sidecar.run('echo', ['hello'])),
  'client-unsupported-protocol': (open) => expect(open()).rejects.toMatchObject({ code: 'unsupported_protocol' }),
  'client-another-program': (open) => expect(open()).rejects.toMatchObject({ code: 'sidecar_fault' }),
  'client-stray-text': (open) => failing(open, 'sidecar_fault'),
  'client-protocol-error': (open) => failing(open, 'protocol_error'),
};

describe('the client', () => {
  it.each(transcripts)('passes $name: $header.shows', async ({ name }) => {
    const report = join(folder(), `${name}.json`);
    await users[name]!(() => spawnAgainst(name, report));
    await waitFor(async () => (await readReport(report)) !== undefined, 'the report');
    expect(failuresIn(await readReport(report))).toEqual([]);
  });
});

describe('the runner finds', () => {
  it('a client that does something else', async () => {
    const report = join(folder(), 'else.json');
    const sidecar = await spawnAgainst('client-runs-a-task', report);
    await expect(sidecar.run('echo', ['goodbye'])).rejects.toMatchObject({ code: 'sidecar_exited' });
    await sidecar.close();
    expect(failuresIn(await readReport(report)).join()).toContain('body.args[0] must be "hello", got "goodbye"');
  });

  it.each([
    ['client-opening', [encodeFrame({ type: 'submit', id: 1, body: {} })], 'type must be "init", got "submit"'],
    ['client-opening', [encodeFrame({ type: 'init', id: 0, body: {} })], 'init.protocol'],
    ['client-opening', [Buffer.from('hello?')], 'looks like text'],
    ['client-opening', [], 'the stream ended'],
    [
      'client-unsupported-protocol',
      [encodeFrame({ type: 'init', id: 0, body: { protocol: 1 } })],
      'instead of the end',
    ],
    ['client-streamed-stdin', overrunOfStdin(), '8 bytes were expected, 20 came'],
  ])('in %s a client that is broken: %#', async (name, frames, reason) => {
    const { exitCode, report } = await feed(name, frames);
    expect(failuresIn(report).join()).toContain(reason);
    expect(exitCode).toBe(1);
  });

  it('a client that never leaves, although the report had to say before that it might', async () => {
    const report = join(folder(), 'stays.json');
    const runner = spawn(process.execPath, [RUNNER, 'serve', 'client-protocol-error', '--json', report]);
    runner.stdin.write(encodeFrame({ type: 'init', id: 0, body: { protocol: 1 } }));
    runner.stdin.write(encodeFrame({ type: 'submit', id: 1, body: { command: 'echo' } }));
    await waitFor(async () => (await readReport(report))?.passed === 1, 'the report that expects only the end');
    runner.stdin.write(encodeFrame({ type: 'submit', id: 2, body: { command: 'echo' } }));
    await new Promise((resolve) => runner.once('close', resolve));
    expect(failuresIn(await readReport(report)).join()).toContain('a frame came instead of the end');
  });
});

function spawnAgainst(transcript: string, report: string): Promise<Sidecar> {
  return Sidecar.spawn({ executable: RUNNER, args: [transcript, '--json', report, '--patience', '3'] });
}

/** Opens a session, acts, and closes it. */
async function using(open: () => Promise<Sidecar>, act: (sidecar: Sidecar) => Promise<unknown>): Promise<void> {
  const sidecar = await open();
  await act(sidecar);
  await sidecar.close();
}

function runTwo(sidecar: Sidecar): Promise<unknown> {
  return Promise.all([sidecar.run('one'), sidecar.run('two')]);
}

async function failing(open: () => Promise<Sidecar>, code: string): Promise<void> {
  const sidecar = await open();
  await expect(sidecar.run('echo', ['hello'])).rejects.toMatchObject({ code });
  await sidecar.close();
}

/** A client that sends these bytes, reads nothing, and leaves. */
async function feed(transcript: string, frames: readonly Uint8Array[]) {
  const json = join(folder(), 'fed.json');
  const runner = spawn(process.execPath, [RUNNER, 'serve', transcript, '--json', json]);
  runner.stdout.resume();
  runner.stdin.on('error', () => undefined);
  for (const frame of frames) runner.stdin.write(frame);
  runner.stdin.end();
  const exitCode = await new Promise((resolve) => runner.once('close', resolve));
  return { exitCode, report: await readReport(json) };
}

function overrunOfStdin(): Uint8Array[] {
  return [
    encodeFrame({ type: 'init', id: 0, body: { protocol: 1 } }),
    encodeFrame({ type: 'submit', id: 1, body: { command: 'cat', stdin: { stream: true } } }),
    encodeFrame({ type: 'stdin', id: 1, body: { data: new Uint8Array(20).fill(0x61), end: true } }),
  ];
}
