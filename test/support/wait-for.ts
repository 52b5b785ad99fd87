import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until a condition holds; fails after a time that no machine needs, in ms. */
export async function waitFor(
  condition: () => boolean | Promise<boolean>,
  what: string,
  deadlineMs = 20_000,
): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`waited in vain for: ${what}`);
    await sleep(10);
  }
}
