import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Traces } from '../end-to-end/support/traces.js';
import { type BuiltProgram, bundle } from '../support/bundle.js';
import { Random } from '../support/random.js';
import { RawHost } from '../support/raw-host.js';
import { waitFor } from '../support/wait-for.js';
import { HostProcess } from './support/host-process.js';
import { isLong } from './support/length.js';
import { remainsOf } from './support/remains.js';

const backends = await availableBackends();
const KILLS = isLong ? 100 : 4;

/** How long anything may live after a kill, in ms; a loaded machine is given longer. */
const ALIVE_MS = isLong ? 3_000 : 15_000;

describe.each(backends)('under load with the backend %s', (backend) => {
  let program: BuiltProgram;
  beforeAll(async () => {
    program = await bundle(new URL('./support/host-program.ts', import.meta.url));
  });
  afterAll(() => program[Symbol.asyncDispose]());

  it(`${KILLS} kills of host or sidecar leave nothing alive, nothing behind and no promise pending`, {
    timeout: 60_000 + KILLS * 20_000,
  }, async () => {
    await using traces = await Traces.create();
    const random = new Random(20_250_711);
    const instances: string[] = [];
    for (let kill = 0; kill < KILLS; kill += 1) {
      const orders = { config: { sandbox: backend }, env: traces.environment, tasksAtOnce: 12 };
      await using host = await HostProcess.start(program.path, orders);
      instances.push(...(await traces.folders()));
      await sleep(random.next() * 800);
      const victim = random.next() < 0.5 ? 'host' : 'sidecar';
      if (victim === 'host') host.signal('SIGKILL');
      else process.kill(host.sidecarPid, 'SIGKILL');
      if (victim === 'sidecar') expectSettled(await host.report());
      const isDead = async () => (await traces.processes()).length === 0;
      await waitFor(isDead, `everything to be dead after kill ${kill}, of the ${victim}`, ALIVE_MS);
    }
    // The next start sweeps up what a killed sidecar, or its killed guardian, has left.
    const next = await RawHost.spawn({ traces, config: { sandbox: backend } });
    await next[Symbol.asyncDispose]();
    expect(await traces.folders()).toEqual([]);
    expect(remainsOf([...new Set(instances)])).toEqual([]);
  });
});

function expectSettled({ pending, codes }: { pending: number; codes: Readonly<Record<string, number>> }): void {
  expect(pending).toBe(0);
  const { result: _ended, sidecar_exited: lost = 0, ...others } = codes;
  expect(others).toEqual({});
  expect(lost).toBeGreaterThan(0);
}

async function availableBackends(): Promise<string[]> {
  await using host = await RawHost.spawn({ config: { sandbox: 'auto' } });
  return host.ready.sandbox.available.filter(({ ok }) => ok).map(({ backend }) => backend);
}
