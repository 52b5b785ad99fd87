import { closeSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { LimitWarning } from '../../protocol/index.js';
import { OpenFilesWatch } from '../../src/monitor/open-files-watch.js';
import { QueueRegistry } from '../../src/tracking/index.js';

function watched() {
  const registry = new QueueRegistry();
  const warnings: LimitWarning[] = [];
  registry.setLimitWarningHandler((warning) => warnings.push(warning));
  const watch = new OpenFilesWatch(registry);
  const depth = () => registry.snapshot()[0]?.depth ?? Number.NaN;
  return { registry, warnings, watch, depth };
}

const emfile = Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' });

describe.skipIf(process.platform !== 'linux')('the open files of the sidecar', () => {
  it('are counted when they are looked at', async () => {
    using watch = watched().watch;
    const { registry, depth, watch: other } = watched();
    watch.look();
    other.look();
    const before = depth();
    const opened = Array.from({ length: 50 }, () => openSync('/dev/null', 'r'));
    await sleep(25);
    other.look();
    for (const descriptor of opened) closeSync(descriptor);
    expect(depth()).toBeGreaterThanOrEqual(before + 40);
    expect(registry.snapshot()[0]).toMatchObject({ name: 'sidecarOpenFiles', unit: 'files', scope: 'sidecar' });
    other[Symbol.dispose]();
    expect(registry.snapshot()).toEqual([]);
  });

  it('have run out where a task could not be started for want of them: near comes first', () => {
    const { warnings, watch } = watched();
    watch.noticeFailure(new Error('the sandbox could not be made', { cause: emfile }));
    watch.noticeFailure(emfile);
    expect(warnings.map(({ kind }) => kind)).toEqual(['near', 'exhausted']);
    expect(warnings[1]).toMatchObject({ limit: 'sidecarOpenFiles', configKey: 'ulimit -n' });
    expect(warnings[1]!.observed).toBeGreaterThanOrEqual(warnings[1]!.capacity);
    watch[Symbol.dispose]();
  });

  it('have not run out where something else failed', () => {
    const { warnings, watch } = watched();
    watch.noticeFailure(new Error('no such file', { cause: new Error('ENOENT') }));
    watch.noticeFailure('EMFILE');
    expect(warnings).toEqual([]);
    watch[Symbol.dispose]();
  });
});
