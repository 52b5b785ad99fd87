import { describe, expect, it } from 'vitest';
import type { ProcessEntry } from '../../src/sandbox/process-entry.js';
import { ProcessSnapshot } from '../../src/sandbox/process-table.js';
import { ProcessTree } from '../../src/sandbox/process-tree.js';

/** Pids far above those that a system gives, so that no environment of a real process is read. */
const ROOT = 900_000_000;

function entry(pid: number, more: Partial<ProcessEntry> = {}): ProcessEntry {
  return { pid, ppid: 1, pgid: pid, sid: pid, state: 'S', startTime: 100, times: null, ...more };
}

function treeOf(startTime = 100) {
  return new ProcessTree({
    roots: [{ pid: ROOT, startTime }],
    groups: [ROOT],
    since: startTime,
    isMarked: () => false,
  });
}

async function pids(tree: ProcessTree, ...entries: ProcessEntry[]): Promise<number[]> {
  return (await tree.alive(new ProcessSnapshot(entries))).map(({ pid }) => pid).sort((a, b) => a - b);
}

describe('the tree of a task', () => {
  it('has its root, those of its group or session, and all that descends from them', async () => {
    const alive = await pids(
      treeOf(),
      entry(ROOT),
      entry(ROOT + 1, { pgid: ROOT }),
      entry(ROOT + 2, { sid: ROOT }),
      entry(ROOT + 4, { ppid: ROOT + 3 }),
      entry(ROOT + 3, { ppid: ROOT + 2 }),
      entry(ROOT + 9),
    );
    expect(alive).toEqual([ROOT, ROOT + 1, ROOT + 2, ROOT + 3, ROOT + 4]);
  });

  it('keeps a member that has left its group and its parent since it was seen', async () => {
    const tree = treeOf();
    await pids(tree, entry(ROOT), entry(ROOT + 1, { ppid: ROOT }));
    expect(await pids(tree, entry(ROOT + 1))).toEqual([ROOT + 1]);
    expect(await pids(tree, entry(ROOT + 1), entry(ROOT + 2, { ppid: ROOT + 1 }))).toEqual([ROOT + 1, ROOT + 2]);
  });

  it('does not take a later process for a member that had its pid', async () => {
    const tree = treeOf();
    await pids(tree, entry(ROOT), entry(ROOT + 1, { ppid: ROOT }));
    expect(await pids(tree, entry(ROOT), entry(ROOT + 1, { startTime: 101 }))).toEqual([ROOT]);
  });

  it('gives up its group when the pid of its root has gone to somebody else', async () => {
    const tree = treeOf();
    await pids(tree, entry(ROOT));
    const stranger = entry(ROOT, { startTime: 200 });
    expect(await pids(tree, stranger, entry(ROOT + 1, { pgid: ROOT, startTime: 201 }))).toEqual([]);
    expect(await pids(tree, entry(ROOT + 1, { pgid: ROOT, startTime: 201 }))).toEqual([]);
  });

  it('has nothing that is older than itself', async () => {
    expect(await pids(treeOf(), entry(ROOT), entry(ROOT + 1, { pgid: ROOT, startTime: 99 }))).toEqual([ROOT]);
  });

  it('does not count the dead, but what descends from them', async () => {
    const tree = treeOf();
    const alive = await pids(tree, entry(ROOT, { state: 'Z' }), entry(ROOT + 1, { ppid: ROOT }));
    expect(alive).toEqual([ROOT + 1]);
  });

  it('trusts a group that was not watched only by a leader that is still the same', async () => {
    const unwatched = () =>
      new ProcessTree({ roots: [{ pid: ROOT, startTime: 100 }], groups: [], since: 0, isMarked: () => false });
    const follower = entry(ROOT + 1, { pgid: ROOT });
    expect(await pids(unwatched(), follower)).toEqual([]);
    expect(await pids(unwatched(), entry(ROOT, { startTime: 101 }), follower)).toEqual([]);
    expect(await pids(unwatched(), entry(ROOT), follower)).toEqual([ROOT, ROOT + 1]);
  });
});
