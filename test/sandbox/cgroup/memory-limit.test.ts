import { randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createGroup } from './create-group.js';
import { directoryWith, hasPython, openManager, ROOMY, realSupport, start, whyNot } from './real-cgroups.js';

const MIB = 1024 * 1024;
const isVersion1 = realSupport.memory.available && realSupport.memory.mechanism === 'cgroup-v1';

describe.skipIf(!realSupport.memory.available)(`the memory limit of a task's group${whyNot('memory')}`, () => {
  const limits = { ...ROOMY, memoryBytes: 64 * MIB };
  const python = (script: string): string[] => ['python3', '-c', script];

  it.skipIf(!hasPython).each([
    ['a burst', 'x = bytearray(1 << 28)'],
    ['slow growth', 'import time\nx = []\nwhile True: x.append(bytearray(1 << 20)); time.sleep(0.002)'],
    ['a shared mapping', 'import mmap\nm = mmap.mmap(-1, 1 << 28)\nfor i in range(0, 1 << 28, 4096): m[i] = 1'],
    ['a file in memory', 'import os\nf = os.memfd_create("x")\nwhile True: os.write(f, bytes(1 << 20))'],
    ['pipes that nobody reads', PIPES],
  ])('ends a task that exceeds it by %s, and tells', async (_how, script) => {
    const task = await createGroup(await openManager(), limits);
    const command = start(task, python(script));
    expect(await command.ended).toEqual({ code: null, signal: 'SIGKILL' });
    const { oomKills, memoryLimitHits } = await task.events();
    expect(oomKills).toBeGreaterThanOrEqual(1);
    expect(memoryLimitHits).toBeGreaterThanOrEqual(1);
    const { memoryPeakBytes } = await task.usage();
    expect(memoryPeakBytes).toBeGreaterThan(60 * MIB);
    expect(memoryPeakBytes).toBeLessThanOrEqual(64 * MIB);
  });

  it('counts files that a task writes to a tmpfs', async () => {
    const file = `/dev/shm/cgroup-test-${randomUUID()}`;
    onTestFinished(() => rmSync(file, { force: true }));
    const task = await createGroup(await openManager(), limits);
    const command = start(task, ['dd', 'if=/dev/zero', `of=${file}`, 'bs=1M', 'count=200', 'status=none']);
    expect(await command.ended).toEqual({ code: null, signal: 'SIGKILL' });
    expect(await task.events()).toMatchObject({ oomKills: 1 });
    const { memoryBytes, reclaimableBytes } = await task.usage();
    expect(memoryBytes! - reclaimableBytes!).toBeGreaterThan(50 * MIB);
  });

  it.skipIf(!hasPython)('counts all processes of a task together', async () => {
    const task = await createGroup(await openManager(), limits);
    const script = 'import os, time\nfor i in range(15): os.fork() or (bytearray(8 << 20), time.sleep(30))\nos.wait()';
    const command = start(task, python(script));
    await expect.poll(async () => (await task.events()).oomKills, { timeout: 20_000 }).toBeGreaterThanOrEqual(1);
    await task.kill();
    await command.ended;
  });

  it('lets a task write far more to a disk than it may have of memory, and tells what of it can be dropped', async () => {
    const file = join(tmpdir(), `cgroup-test-${randomUUID()}`);
    onTestFinished(() => rmSync(file, { force: true }));
    const task = await createGroup(await openManager(), limits);
    const command = start(task, ['dd', 'if=/dev/zero', `of=${file}`, 'bs=1M', 'count=160', 'status=none']);
    expect(await command.ended).toEqual({ code: 0, signal: null });
    const { memoryBytes, reclaimableBytes } = await task.usage();
    expect(memoryBytes! - reclaimableBytes!).toBeLessThan(16 * MIB);
    expect(reclaimableBytes).toBeGreaterThan(32 * MIB);
    expect(await task.events()).toMatchObject({ oomKills: 0 });
  });

  it.skipIf(!hasPython || !isVersion1)('begins the peak anew where it is told to', async () => {
    const task = await createGroup(await openManager(), limits);
    await start(task, python('x = bytearray(32 << 20)')).ended;
    expect((await task.usage()).memoryPeakBytes).toBeGreaterThan(32 * MIB);
    await task.resetMemoryPeak();
    await start(task, ['/bin/sh', '-c', ':']).ended;
    const { memoryPeakBytes } = await task.usage();
    expect(memoryPeakBytes).toBeGreaterThan(0);
    expect(memoryPeakBytes).toBeLessThan(16 * MIB);
  });

  it('reports the peak of a short task and no event where nothing was exceeded', async () => {
    const task = await createGroup(await openManager(), limits);
    expect(await start(task, ['/bin/sh', '-c', ':']).ended).toEqual({ code: 0, signal: null });
    const { memoryPeakBytes } = await task.usage();
    expect(memoryPeakBytes).toBeGreaterThan(0);
    expect(memoryPeakBytes).toBeLessThan(16 * MIB);
    expect(await task.events()).toEqual({ oomKills: 0, memoryLimitHits: 0, processLimitHits: 0 });
  });

  it.skipIf(!hasPython || !isVersion1)('tells a kill for a limit further up from one for its own', async () => {
    const manager = await openManager();
    writeFileSync(`${directoryWith(manager, 'memory.limit_in_bytes')}/memory.limit_in_bytes`, `${32 * MIB}`);
    const task = await createGroup(manager, ROOMY);
    expect(await start(task, python('x = bytearray(1 << 28)')).ended).toEqual({ code: null, signal: 'SIGKILL' });
    expect(await task.events()).toMatchObject({ oomKills: 1, memoryLimitHits: 0 });
  });

  it('keeps one task out of the limit of another', async () => {
    const manager = await openManager();
    const [small, large] = await Promise.all([
      createGroup(manager, { ...ROOMY, memoryBytes: MIB }),
      createGroup(manager, ROOMY),
    ]);
    const [first, second] = [start(small, ['node', '-e', '0']), start(large, ['node', '-e', '0'])];
    expect(await first.ended).not.toEqual({ code: 0, signal: null });
    expect(await second.ended).toEqual({ code: 0, signal: null });
    expect(await large.events()).toMatchObject({ oomKills: 0 });
  });

  it.skipIf(!hasPython)('lets growth by 200 MiB/s be seen at 80 % before it ends', async () => {
    const task = await createGroup(await openManager(), { ...ROOMY, memoryBytes: 512 * MIB });
    const script = 'import time\nx = []\nwhile True: x.append(bytearray(8 << 20)); time.sleep(0.04)';
    const command = start(task, python(script));
    let killed = false;
    void command.ended.then(() => {
      killed = true;
    });
    let warned = false;
    while (!killed) {
      const memoryBytes = await task.memoryBytes();
      if (!killed && memoryBytes !== null && memoryBytes >= 0.8 * 512 * MIB) warned = true;
      await sleep(10);
    }
    expect(warned).toBe(true);
    expect(await task.events()).toMatchObject({ oomKills: 1 });
  });
});

/** Fills the buffers of more and more pipes, which belong to the kernel. */
const PIPES = `
import fcntl, os, resource
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
while True:
    reader, writer = os.pipe()
    try: fcntl.fcntl(writer, 1031, 1 << 20)
    except OSError: pass
    os.set_blocking(writer, False)
    os.write(writer, bytes(1 << 20))
`;
