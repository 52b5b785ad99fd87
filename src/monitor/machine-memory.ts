import { totalmem } from 'node:os';

/** Memory is seldom plugged in, and a container's limit seldom changed. */
const MAX_AGE_MS = 1_000;

let known = { bytes: 0, readAt: Number.NEGATIVE_INFINITY };

/** How much memory there is for this process and its tasks, of the machine or of the container, in bytes. */
export function machineMemoryBytes(): number {
  const now = performance.now();
  if (now - known.readAt > MAX_AGE_MS) {
    const bytes = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
    known = { bytes, readAt: now };
  }
  return known.bytes;
}
