import { readFileSync } from 'node:fs';

/** Each time it is read it holds another one. Linux only. */
const KERNEL_UUIDS = '/proc/sys/kernel/random/uuid';

/**
 * A random UUID. The kernel makes it where it can: for Node to make one, its cryptography is loaded first, and every
 * start would wait for that.
 */
export function newUuid(): string {
  try {
    return readFileSync(KERNEL_UUIDS, 'latin1').trim();
  } catch {
    return process.getBuiltinModule('node:crypto').randomUUID();
  }
}
