import { describe, expect, it } from 'vitest';
import { Traces } from '../end-to-end/support/traces.js';
import { withoutBubblewrap } from '../sandbox/bubblewrap/support.js';
import { RawHost } from '../support/raw-host.js';
import { waitFor } from '../support/wait-for.js';
import { remainsOf } from './support/remains.js';

const SIZE = 3;

/** The sidecar, its guardian, its fork server where it has one, and of each sandbox at least its first process. */
const PROCESSES = 3 + SIZE;

describe.skipIf(withoutBubblewrap)('a sidecar with sandboxes that wait for tasks', () => {
  it.each(['SIGKILL', 'SIGTERM'] as const)('leaves none of them when it ends by %s', async (signal) => {
    await using traces = await Traces.create();
    const config = { sandbox: 'bubblewrap', workerPoolSize: SIZE };
    await using host = await RawHost.spawn({ traces, config });
    await waitFor(async () => (await traces.processes()).length >= PROCESSES, 'sandboxes to wait');
    const instances = await traces.folders();
    process.kill(host.pid, signal);
    await host.exit;
    await traces.vanish();
    expect(remainsOf(instances)).toEqual([]);
  });
});
