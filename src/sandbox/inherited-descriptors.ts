import { closeSync, openSync, readdirSync, readSync } from 'node:fs';

/** `O_CLOEXEC`, which Node does not name among its constants. */
const CLOSE_ON_EXEC = 0o2000000;

/**
 * Closes the descriptors, other than the standard streams, that this process has inherited: they would be passed on
 * to every command, since Node passes on what is not marked close-on-exec and marks all that it opens itself.
 * To be called first of all by an executable. Linux only; elsewhere nothing is closed.
 * @returns the descriptors that were closed
 */
export function closeInheritedDescriptors(): number[] {
  if (process.platform !== 'linux') return [];
  const inherited = readdirSync('/proc/self/fd')
    .map(Number)
    .filter((descriptor) => descriptor > 2 && isInherited(descriptor));
  for (const descriptor of inherited) closeSync(descriptor);
  return inherited;
}

/** What is told of a descriptor begins with its position and its flags. */
const beginning = Buffer.allocUnsafeSlow(64);

function isInherited(descriptor: number): boolean {
  try {
    const flags = /^flags:\s+([0-7]+)$/m.exec(beginningOf(`/proc/self/fdinfo/${descriptor}`))?.[1];
    return flags !== undefined && (Number.parseInt(flags, 8) & CLOSE_ON_EXEC) === 0;
  } catch {
    return false;
  }
}

function beginningOf(path: string): string {
  const file = openSync(path, 'r');
  try {
    return beginning.toString('latin1', 0, readSync(file, beginning));
  } finally {
    closeSync(file);
  }
}
