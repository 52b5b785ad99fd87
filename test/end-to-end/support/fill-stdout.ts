import { setTimeout as sleep } from 'node:timers/promises';
import type { RawHost } from '../../support/raw-host.js';

/** Stops reading while a task floods stdout, so that nothing more can leave the sidecar. Gives the pid of the task. */
export async function fillStdout(host: RawHost): Promise<number> {
  await host.submit(1, {
    command: 'cat',
    args: ['/dev/zero'],
    limits: { outputBytes: 2 ** 40 },
    output: { mode: 'stream', onOverflow: 'kill' },
  });
  await host.send('window', 1, { outputBytes: 2 ** 40 });
  const { pid } = (await host.waitFor({ type: 'started', id: 1 })).body;
  await host.waitFor({ type: 'output', id: 1 });
  host.pauseReading();
  await sleep(500);
  return pid!;
}
