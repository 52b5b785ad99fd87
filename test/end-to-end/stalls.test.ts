import { describe, expect, it } from 'vitest';
import { RawHost } from '../support/raw-host.js';
import { waitFor } from '../support/wait-for.js';

interface StallLine {
  readonly level: number;
  readonly msg: string;
  readonly stall: { readonly kind: string; readonly link: string; readonly slow: string; readonly stalledMs: number };
}

/** pino's numbers of its levels. */
const INFO = 30;
const WARN = 40;

/** The lines of a log that tell of a link. */
function linesOf(stderr: string, link: string): StallLine[] {
  const whole = stderr.split('\n').filter((line) => line.startsWith('{') && line.endsWith('}'));
  return whole
    .map((line) => JSON.parse(line) as Partial<StallLine>)
    .filter(isStallLine)
    .filter(({ stall }) => stall.link === link);
}

function isStallLine(line: Partial<StallLine>): line is StallLine {
  return line.stall !== undefined;
}

describe('a host that stalls the sidecar is found in its log', () => {
  it('where it does not read: once, with a line when it reads again', async () => {
    await using host = await RawHost.spawn({ config: { sandbox: 'process', logLevel: 'info' } });
    const told = () => linesOf(host.stderr, 'outbox → host');
    await host.submit(1, { command: 'head', args: ['-c', '5000000', '/dev/zero'], output: { mode: 'stream' } });
    await host.send('window', 1, { outputBytes: 2 ** 40 });
    host.pauseReading();
    await waitFor(() => told().length > 0, `the stall in the log; stderr: ${host.stderr}`);
    host.resumeReading();
    await waitFor(() => told().length > 1, `the end of the stall in the log; stderr: ${host.stderr}`);
    const [stalled, goesOn, ...others] = told();
    expect(others).toEqual([]);
    expect(stalled).toMatchObject({ level: WARN, stall: { kind: 'stalled', slow: expect.stringContaining('host') } });
    expect(stalled!.msg).toMatch(/^outbox → host has been stalled for \d+\.\d s: .*\(setting outbox\w+\)/);
    expect(goesOn).toMatchObject({ level: INFO, stall: { kind: 'goesOn' } });
    expect(goesOn!.stall.stalledMs).toBeGreaterThanOrEqual(stalled!.stall.stalledMs);
    expect(await host.resultOf(1)).toMatchObject({ status: 'success', stdoutBytes: 5_000_000 });
  });

  it('where it returns no credit: with the task whose output waits for it', async () => {
    await using host = await RawHost.spawn({ config: { sandbox: 'process' } });
    await host.submit(1, { command: 'head', args: ['-c', '500000', '/dev/zero'], output: { mode: 'stream' } });
    const { executionId } = (await host.waitFor({ type: 'accepted', id: 1 })).body;
    const told = () => linesOf(host.stderr, `task ${executionId} output → host window`);
    await waitFor(() => told().length > 0, `the stall in the log; stderr: ${host.stderr}`);
    expect(told()[0]).toMatchObject({ level: WARN, stall: { slow: expect.stringContaining('no credit') } });
    expect(linesOf(host.stderr, 'outbox → host')).toEqual([]);
    await host.send('query', 2, { what: 'queues' });
    const { queues } = (await host.waitFor({ type: 'reply', id: 2 })).body as { queues: object[] };
    expect(queues).toContainEqual(
      expect.objectContaining({ name: 'outputWindow', scope: executionId, waiters: 1, fillPercent: 100 }),
    );
    await host.send('window', 1, { outputBytes: 1_000_000 });
    expect(await host.resultOf(1)).toMatchObject({ status: 'success', stdoutBytes: 500_000 });
  });
});
