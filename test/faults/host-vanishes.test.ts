import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { encodeFrame } from '../../protocol/index.js';
import { Traces } from '../end-to-end/support/traces.js';
import { bundle } from '../support/bundle.js';
import { isAlive } from '../support/processes.js';
import { RawHost, type RawHostOptions } from '../support/raw-host.js';
import { waitFor } from '../support/wait-for.js';
import { HostProcess } from './support/host-process.js';

const sleeper = { command: 'sleep', args: ['60'] };

/** Small, so that a few tasks park the reader. */
const parkedSoon = { sandbox: 'process', maxConcurrentTasks: 2, queueSize: 2, inboxFrames: 4 };

/** A host whose reader is parked: it has written many tasks more than its window allows. */
async function parked(options: RawHostOptions, stdin = ''): Promise<{ host: RawHost; pid: number }> {
  const host = await RawHost.spawn({ config: parkedSoon, ...options });
  const frames = Array.from({ length: 500 }, (_, index) =>
    encodeFrame({ type: 'submit', id: index + 1, body: { ...sleeper, stdin } }),
  );
  void host.sendBytes(Buffer.concat(frames));
  const { pid } = (await host.waitFor({ type: 'started', id: 1 })).body;
  await sleep(500);
  return { host, pid: pid! };
}

describe.each(['sockets', 'fifos'] as const)(
  'over %s, a host that is parked because it ignores its window',
  (transport) => {
    it('and closes its stdin is seen to have gone: everything is killed', async () => {
      const { host, pid } = await parked({ transport });
      await using _host = host;
      host.closeStdin();
      expect(await host.exit).toEqual({ code: 0, signal: null });
      expect(isAlive(pid)).toBe(false);
      expect(host.frames.at(-1)).toMatchObject({ type: 'bye', body: { reason: 'end of stdin', leaked: 0 } });
    });

    it('and closes its stdout is seen to have gone with the next frame', async () => {
      const { host, pid } = await parked({ transport });
      await using _host = host;
      host.closeStdout();
      await host.send('cancel', 1, {});
      process.kill(pid, 'SIGKILL');
      expect(await host.exit).toEqual({ code: 0, signal: null });
    });

    it('loses nothing when it has only been stopped for a while', async () => {
      const { host, pid } = await parked({ transport });
      await using _host = host;
      host.kill('SIGSTOP');
      await sleep(300);
      host.kill('SIGCONT');
      process.kill(pid, 'SIGKILL');
      expect(await host.resultOf(1)).toMatchObject({ status: 'failure', signal: 'SIGKILL' });
      await host.waitFor({ type: 'started', id: 3 });
    });
  },
);

describe('a host that is killed', () => {
  it('takes everything along, in a few seconds', async () => {
    await using traces = await Traces.create();
    await using program = await bundle(new URL('./support/host-program.ts', import.meta.url));
    const orders = { config: { sandbox: 'process' }, env: traces.environment, tasksAtOnce: 8 };
    await using host = await HostProcess.start(program.path, orders);
    await waitFor(async () => (await traces.processes()).length > 4, 'tasks');
    host.signal('SIGSTOP');
    await sleep(300);
    host.signal('SIGCONT');
    await sleep(300);
    expect(isAlive(host.sidecarPid)).toBe(true);
    host.signal('SIGKILL');
    await traces.vanish();
  });

  it('while more is parked than is read ahead takes everything along as well', async () => {
    await using traces = await Traces.create();
    await using program = await bundle(new URL('./support/parked-host-program.ts', import.meta.url));
    const orders = { config: parkedSoon, env: traces.environment, tasksAtOnce: 200 };
    await using host = await HostProcess.start(program.path, orders);
    await waitFor(async () => (await traces.processes()).length > 2, 'tasks');
    await sleep(500);
    expect(isAlive(host.sidecarPid)).toBe(true);
    host.signal('SIGKILL');
    await traces.vanish();
  });
});
