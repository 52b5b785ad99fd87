import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { EXECUTABLE } from './support/executable.js';
import { Traces } from './support/traces.js';

/** How long nobody reads, in ms: a stall that is told, and not yet told again. */
const STALLED_MS = 2_500;

/** Runs a flood with `--verbose` and reads nothing for a while, then so many bytes and no more. */
async function stalledRun(bytes: number): Promise<{ exitCode: number | null; out: Buffer; err: string }> {
  await using traces = await Traces.create();
  const child = spawn(process.execPath, [EXECUTABLE, 'run', '--verbose', '--', 'yes'], {
    env: { ...process.env, ...traces.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let err = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  await sleep(STALLED_MS);
  const chunks: Buffer[] = [];
  let read = 0;
  for await (const chunk of child.stdout) {
    chunks.push(chunk);
    read += chunk.byteLength;
    if (read >= bytes) break;
  }
  return { exitCode: await ended, out: Buffer.concat(chunks).subarray(0, bytes), err };
}

describe('exec-sidecar run --verbose whose output is not read for a while', () => {
  it('tells who is slow, that it goes on, where the time went and what the queues did, and keeps stdout clean', async () => {
    const { exitCode, out, err } = await stalledRun(1_000_000);
    expect(exitCode).toBe(141);
    expect(out.equals(Buffer.alloc(1_000_000, 'y\n'))).toBe(true);

    const lines = err.trim().split('\n');
    for (const line of lines) expect(line).toMatch(/^exec-sidecar: /);
    const stalled = lines.filter((line) => line.includes('has been stalled'));
    expect(stalled).toHaveLength(1);
    expect(stalled[0]).toMatch(/task → stdout has been stalled for 1\.\d s: nobody reads the stdout of this process/);
    const [, seconds] = /task → stdout goes on after (\d+\.\d) s/.exec(err)!;
    expect(Number(seconds)).toBeGreaterThan(1);
    expect(err).toContain('exec-sidecar: failure, ended by SIGPIPE\n');
    const [, stalledTime] = /time: queued .*, setup .*, run .*, stalled (\d+\.\d+) s, collect .*/.exec(err)!;
    expect(Number(stalledTime)).toBeGreaterThanOrEqual(1);
    expect(err).toMatch(/peak: memory .*, processes 1\n/);
    expect(err).toMatch(/ stdout +\d+ of \d+ bytes +\d+ +\d+ +[1-9]\d*× +\d+\.\d+ s +\d+\.\d+ s\n/);
  });
});
