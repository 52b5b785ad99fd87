import { closeSync, constants, openSync, readSync, type Stats } from 'node:fs';

const HEAD_BYTES = 4_096;

/** More are not remembered: few commands are run again and again. */
const MAX_REMEMBERED = 32;

/** A file that has changed so short a time ago may change again without its times telling. */
const SETTLED_MS = 1_000;

interface Remembered {
  readonly identity: string;
  readonly head: Buffer;
}

const remembered = new Map<string, Remembered>();

/**
 * The first 4 KiB of a file; null where it cannot be read. Read anew only where the file is another than the last time, or
 * has changed. The buffer must not be changed.
 * @param found what the file was a moment ago
 */
export function headOf(file: string, found: Stats): Buffer | null {
  const identity = identityOf(found);
  const known = remembered.get(file);
  if (known !== undefined && known.identity === identity) return known.head;
  remembered.delete(file);
  const head = readHead(file);
  if (head !== null && identity !== null) remember(file, { identity, head });
  return head;
}

function remember(file: string, found: Remembered): void {
  remembered.set(file, found);
  if (remembered.size > MAX_REMEMBERED) remembered.delete(remembered.keys().next().value!);
}

/** What changes with every change of a file; null where that is not to be told. */
function identityOf({ dev, ino, size, mtimeMs, ctimeMs }: Stats): string | null {
  return Date.now() - ctimeMs < SETTLED_MS ? null : `${dev}:${ino}:${size}:${mtimeMs}:${ctimeMs}`;
}

function readHead(file: string): Buffer | null {
  let descriptor: number | null = null;
  try {
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const head = Buffer.alloc(HEAD_BYTES);
    return head.subarray(0, readSync(descriptor, head, 0, HEAD_BYTES, 0));
  } catch {
    return null;
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
}
