import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** Both halves of the young generation together, in bytes. With less, what would have died young is kept. */
const ENOUGH_BYTES = 4 * 2 ** 20;

/**
 * By how much the old generation may grow before it is collected again, in percent of what was alive. V8's own choice is up to
 * four times: what tasks leave then piles up to 80 MiB, and how much of it depends on when one looks.
 */
const GROWING_PERCENT = 50;

/** The major version of the V8 in Node 20. */
const NODE_20_V8 = 11;

/** How many bytes of bytecode a function runs through before it is optimized: V8's own choice is 66 KiB. */
const INTERRUPT_BUDGET = 24_000;

/** How many bytes of bytecode of others are compiled into a function that is optimized: V8's own choice is 920. */
const INLINED_BYTES = 600;

/**
 * Sets V8 for a process that serves for long and is to take little of its host's machine. To be called when all is loaded:
 * V8 takes no code cache under other flags than it was made under.
 */
export function tuneEngine(): void {
  keepHeapSmall();
  optimizeEarly();
}

/**
 * Keeps V8's heap small under load, for a sidecar is to stay small beside its host: it costs some 4 % of the thread's time,
 * and halves its memory. The young generation would grow to 32 MiB and keep them: V8 takes a largest size only on the command
 * line of Node, but obeys at any time when it is told to grow no more.
 */
function keepHeapSmall(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWING_PERCENT}`);
  const observer = new PerformanceObserver(() => {
    const space = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
    if (space === undefined || space.space_size < ENOUGH_BYTES) return;
    setFlagsFromString('--semi-space-growth-factor=1');
    observer.disconnect();
  });
  observer.observe({ entryTypes: ['gc'] });
}

/**
 * Has V8 optimize what a task runs through after a thousand tasks instead of two thousand, for few sidecars see so many. A
 * task runs through much code, each part of it once or twice, where this V8 waits for loops; later ones count calls, and need
 * nothing. So that compiling takes no more of the processors from the first tasks, less is compiled each time: that costs
 * pings 3 %, and tasks nothing that can be measured.
 */
function optimizeEarly(): void {
  if (Number.parseInt(process.versions.v8, 10) !== NODE_20_V8) return;
  setFlagsFromString(`--interrupt-budget=${INTERRUPT_BUDGET}`);
  setFlagsFromString(`--max-inlined-bytecode-size-cumulative=${INLINED_BYTES}`);
}
