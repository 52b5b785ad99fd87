import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ProcessCpu, TreeCpu } from '../../src/monitor/tree-cpu.js';

function cpu(key: string, parent: string | null, ownMs: number | null, reapedMs = 0): ProcessCpu {
  return { key, parent, ownMs, reapedMs };
}

describe('the CPU time of a tree', () => {
  it('is that of its processes and of the children that they have reaped', () => {
    const tree = new TreeCpu();
    expect(tree.update([cpu('a', null, 10, 5), cpu('b', 'a', 7)])).toBe(22);
    expect(tree.update([cpu('a', null, 12, 5), cpu('b', 'a', 9, 1)])).toBe(27);
  });

  it('holds a child that was born and reaped between two samples', () => {
    const tree = new TreeCpu();
    tree.update([cpu('a', null, 10)]);
    expect(tree.update([cpu('a', null, 10, 30)])).toBe(40);
  });

  it('does not count a child twice that its parent has reaped', () => {
    const tree = new TreeCpu();
    tree.update([cpu('a', null, 10), cpu('b', 'a', 20)]);
    expect(tree.update([cpu('a', null, 10, 22)])).toBe(32);
  });

  it('keeps the time of a child that nobody of the tree has reaped', () => {
    const tree = new TreeCpu();
    tree.update([cpu('a', null, 10), cpu('b', 'a', 20)]);
    expect(tree.update([cpu('a', null, 10)])).toBe(30);
    tree.update([cpu('a', null, 10)]);
    expect(tree.update([cpu('a', null, 10, 5)])).toBe(35);
  });

  it('does not count a child twice that shows up in its parent one sample later', () => {
    const tree = new TreeCpu();
    tree.update([cpu('a', null, 10), cpu('b', 'a', 20)]);
    expect(tree.update([cpu('a', null, 10)])).toBe(30);
    expect(tree.update([cpu('a', null, 10, 20)])).toBe(30);
  });

  it('looks for a process in the nearest ancestor that still lives', () => {
    const tree = new TreeCpu();
    tree.update([cpu('a', null, 10), cpu('b', 'a', 20, 3), cpu('c', 'b', 30)]);
    expect(tree.update([cpu('a', null, 10, 53)])).toBe(63);
  });

  it('is kept when the whole tree is gone', () => {
    const tree = new TreeCpu();
    tree.update([cpu('a', null, 10), cpu('b', 'a', 20, 3)]);
    expect(tree.update([])).toBe(33);
  });

  it('has for a process that could not be read what it had before', () => {
    const tree = new TreeCpu();
    tree.update([cpu('a', null, 10)]);
    expect(tree.update([cpu('a', null, null)])).toBe(10);
  });

  it('never falls, and never exceeds what really ran, whoever works, ends, and is reaped or not', () => {
    const step = fc.record({
      who: fc.nat({ max: 5 }),
      action: fc.constantFrom('work', 'fork', 'end', 'end unreaped', 'sample'),
      amount: fc.integer({ min: 1, max: 50 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const system = new ModelSystem();
        const tree = new TreeCpu();
        let last = 0;
        for (const { who, action, amount } of steps) {
          if (action === 'work') system.work(who, amount);
          else if (action === 'fork') system.fork(who);
          else if (action === 'end') system.end(who, true);
          else if (action === 'end unreaped') system.end(who, false);
          else {
            const total = tree.update(system.processes());
            expect(total).toBeGreaterThanOrEqual(last);
            expect(total).toBeLessThanOrEqual(system.trueMs);
            last = total;
          }
        }
        if (system.everythingWasReaped) expect(tree.update(system.processes())).toBe(system.trueMs);
      }),
    );
  });
});

/** Processes as a kernel accounts for them: the root lives for ever, orphans are the init process's. */
class ModelSystem {
  trueMs = 0;
  everythingWasReaped = true;
  #next = 1;
  readonly #alive = [{ key: 'p0', parent: null as string | null, ownMs: 0, reapedMs: 0 }];

  work(who: number, amount: number): void {
    this.#pick(who).ownMs += amount;
    this.trueMs += amount;
  }

  fork(who: number): void {
    this.#alive.push({ key: `p${this.#next++}`, parent: this.#pick(who).key, ownMs: 0, reapedMs: 0 });
  }

  end(who: number, reaped: boolean): void {
    const process = this.#pick(who);
    if (process.key === 'p0') return;
    this.#alive.splice(this.#alive.indexOf(process), 1);
    for (const child of this.#alive) if (child.parent === process.key) child.parent = null;
    const parent = this.#alive.find(({ key }) => key === process.parent);
    if (reaped && parent !== undefined) parent.reapedMs += process.ownMs + process.reapedMs;
    else this.everythingWasReaped = false;
  }

  processes(): ProcessCpu[] {
    return this.#alive.map((process) => ({ ...process }));
  }

  #pick(who: number) {
    return this.#alive[who % this.#alive.length]!;
  }
}
