import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { isDead, type ProcessEntry, parseProcStat, parsePsLine } from '../../src/sandbox/process-entry.js';
import { identify, readProcesses } from '../../src/sandbox/process-reader.js';
import { ProcessTable } from '../../src/sandbox/process-table.js';
import { readPs } from '../../src/sandbox/ps-reader.js';
import { createGate } from '../support/gate.js';
import { without } from '../support/requirements.js';

const STAT =
  '42 (a) b (c) S 7 8 9 0 -1 4194560 100 200 0 0 11 12 13 14 20 0 1 0 987654 1000000 250 18446744073709551615 1 1 0';

describe('a line of /proc/<pid>/stat', () => {
  it('is read past a command name with spaces and parentheses', () => {
    expect(parseProcStat(42, STAT)).toEqual({
      pid: 42,
      state: 'S',
      ppid: 7,
      pgid: 8,
      sid: 9,
      startTime: 987_654,
      times: { userMs: 110, systemMs: 120, reapedUserMs: 130, reapedSystemMs: 140 },
    });
  });

  it('is nothing where it is cut off', () => {
    expect(parseProcStat(42, STAT.slice(0, 30))).toBeNull();
    expect(parseProcStat(42, '')).toBeNull();
  });
});

describe('a line of ps', () => {
  it('tells the process and when it began', () => {
    expect(parsePsLine('  12     1    12 Ss   Mon Nov  3 04:05:06 2025')).toEqual({
      pid: 12,
      ppid: 1,
      pgid: 12,
      sid: null,
      state: 'S',
      startTime: Date.UTC(2025, 10, 3, 4, 5, 6) / 1_000,
      times: null,
    });
  });

  it('is nothing where it is none', () => {
    for (const line of ['', 'PID PPID', '1 2 3 S', '1 2 3 S not a date']) expect(parsePsLine(line)).toBeNull();
  });
});

describe('reading the processes', () => {
  it('finds this process and its child, with who is whose', async () => {
    const child = spawn('sleep', ['600'], { detached: true });
    await once(child, 'spawn');
    const entries = new Map((await readProcesses()).map((entry) => [entry.pid, entry]));
    child.kill('SIGKILL');
    expect(entries.get(child.pid!)).toMatchObject({ ppid: process.pid, pgid: child.pid });
    expect(isDead(entries.get(process.pid)!)).toBe(false);
  });

  it.skipIf(without('ps'))('comes to the same by ps', async () => {
    const [direct, byPs] = await Promise.all([readProcesses(), readPs()]);
    const own = (entries: readonly ProcessEntry[]) => entries.find(({ pid }) => pid === process.pid);
    expect(own(byPs)).toMatchObject({ ppid: process.ppid, pgid: own(direct)?.pgid });
    expect(Math.abs((own(byPs)?.startTime ?? 0) - (Date.now() / 1_000 - process.uptime()))).toBeLessThan(30);
  });

  it.skipIf(process.platform !== 'linux')('gives a start time that stays the same', async () => {
    const { startTime } = identify(process.pid);
    const entries = await readProcesses();
    expect(entries.find(({ pid }) => pid === process.pid)?.startTime).toBe(startTime);
  });
});

describe('the process table', () => {
  it('shares a scan among all who ask while it is recent enough', async () => {
    let scans = 0;
    const table = new ProcessTable(async () => {
      scans += 1;
      return [];
    });
    const [first, second] = await Promise.all([table.scan(60_000), table.scan(60_000)]);
    expect(first).toBe(second);
    expect(await table.scan(60_000)).toBe(first);
    expect(scans).toBe(1);
  });

  it('begins a new scan for who asks for a fresh one, and only one for several', async () => {
    const gates = [createGate(), createGate()];
    let scans = 0;
    const table = new ProcessTable(async () => {
      await gates[scans++]?.opened;
      return [];
    });
    const early = table.scan(0);
    await new Promise((resolve) => setTimeout(resolve, 5));
    const late = [table.scan(0), table.scan(0)];
    gates[0]?.open();
    await early;
    gates[1]?.open();
    const [one, other] = await Promise.all(late);
    expect(one).not.toBe(await early);
    expect(one).toBe(other);
    expect(scans).toBe(2);
  });

  it('tells a failure to who asked, and tries again for the next', async () => {
    let scans = 0;
    const table = new ProcessTable(async () => {
      if (scans++ === 0) throw new Error('no /proc');
      return [];
    });
    await expect(table.scan(0)).rejects.toThrow('no /proc');
    expect((await table.scan(0)).entries.size).toBe(0);
  });
});
