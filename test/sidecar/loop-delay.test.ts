import { describe, expect, it } from 'vitest';
import { LoopDelay } from '../../src/sidecar/loop-delay.js';

/** Keeps the event loop from turning. */
function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

async function turn(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 150));
}

describe('the delay of the event loop', () => {
  it('is what it was blocked for, wherever in an interval that began', async () => {
    for (const beginsAfterMs of [0, 30, 60, 90]) {
      using delay = new LoopDelay();
      await new Promise((resolve) => setTimeout(resolve, beginsAfterMs));
      delay.take();
      block(300);
      await turn();
      expect(delay.take()).toBeGreaterThan(150);
    }
  });

  it('is known at once, before any timer has run', async () => {
    using delay = new LoopDelay();
    await turn();
    block(300);
    expect(delay.take()).toBeGreaterThan(150);
  });

  it('is known also of a loop that had nothing to do, which is looked at less often', async () => {
    using delay = new LoopDelay();
    await new Promise((resolve) => setTimeout(resolve, 400));
    delay.take();
    block(300);
    await turn();
    expect(delay.take()).toBeGreaterThan(150);
  });

  it('is told once', async () => {
    using delay = new LoopDelay();
    block(300);
    expect(delay.take()).toBeGreaterThan(150);
    expect(delay.take()).toBeLessThan(100);
  });

  it('is the worst of several', async () => {
    using delay = new LoopDelay();
    for (const ms of [100, 400, 100]) {
      block(ms);
      await turn();
    }
    expect(delay.take()).toBeGreaterThan(250);
  });
});
