import { appendFileSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Ledger, readLedger } from '../../src/sandbox/ledger.js';
import { createKeepingLogger } from '../support/logs.js';
import { type TemporaryDirectory, temporaryDirectory } from './support/directories.js';
import { script, TestSandbox } from './support/sandbox.js';

let place: TemporaryDirectory;
beforeEach(async () => {
  place = await temporaryDirectory();
});
afterEach(() => place[Symbol.asyncDispose]());

let files = 0;
const newPath = () => join(place.path, `${files++}.jsonl`);
const entry = (executionId: string, pid = 1) => ({ executionId, pid, startTime: pid * 10 });

describe('the ledger', () => {
  it('holds what was started and has not ended, after any sequence of both', () => {
    const event = fc.record({ id: fc.integer({ min: 0, max: 9 }), starts: fc.boolean() });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        const path = newPath();
        const ledger = new Ledger(path, createKeepingLogger());
        const model = new Map<string, unknown>();
        for (const [pid, { id, starts }] of events.entries()) {
          if (starts) {
            ledger.started(entry(`${id}`, pid));
            model.set(`${id}`, entry(`${id}`, pid));
          } else {
            ledger.ended(`${id}`);
            model.delete(`${id}`);
          }
        }
        expect(new Map(readLedger(path).running.map((line) => [line.executionId, line]))).toEqual(model);
        ledger.close();
      }),
      { numRuns: 50 },
    );
  });

  it('is on disk as soon as a command was started', () => {
    const path = newPath();
    const ledger = new Ledger(path, createKeepingLogger());
    ledger.started(entry('a', 7));
    expect(readLedger(path).running).toEqual([entry('a', 7)]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    ledger.close();
  });

  it('does not grow with the number of commands that have ended', () => {
    const path = newPath();
    const ledger = new Ledger(path, createKeepingLogger());
    ledger.started(entry('lasting'));
    for (let index = 0; index < 20_000; index++) {
      ledger.started(entry(`${index}`));
      ledger.ended(`${index}`);
    }
    expect(readFileSync(path, 'utf8').split('\n').length).toBeLessThan(3_000);
    expect(readLedger(path).running).toEqual([entry('lasting')]);
    ledger.close();
  });

  it('is read up to a line that a crash has cut off, and past what is no entry', () => {
    const path = newPath();
    const ledger = new Ledger(path, createKeepingLogger());
    ledger.started(entry('a'));
    ledger.close();
    appendFileSync(
      path,
      'nonsense\nnull\n42\n{"at":1}\n{"started":null}\n{"ended":7}\n{"at":1,"started":{"executionId":"b","pi',
    );
    expect(readLedger(path).running).toEqual([entry('a')]);
  });

  it('has the cgroups of its instance, also after it was written anew', () => {
    const path = join(place.path, 'cgroups');
    const ledger = new Ledger(path, createKeepingLogger());
    ledger.cgroups(['/sys/fs/cgroup/exec-sidecar-a']);
    for (let count = 0; count < 3_000; count++) {
      ledger.started({ executionId: `${count}`, pid: 2, startTime: 1 });
      ledger.ended(`${count}`);
    }
    expect(readLedger(path)).toEqual({ running: [], cgroups: ['/sys/fs/cgroup/exec-sidecar-a'] });
    ledger.close();
  });

  it('is empty where there is no file', () => {
    expect(readLedger(join(place.path, 'none'))).toEqual({ running: [], cgroups: [] });
  });

  it('has a command from its start until its tree is gone', async () => {
    await using sandbox = await TestSandbox.open();
    const container = await sandbox.container();
    const process = await container.execute(script('sleep 600'));
    const path = join(container.workspace, '../../ledger.jsonl');
    expect(readLedger(path).running).toMatchObject([{ executionId: container.id, pid: process.pid }]);
    await container.cleanup();
    expect(readLedger(path).running).toEqual([]);
  });
});
