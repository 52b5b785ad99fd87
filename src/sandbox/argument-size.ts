import { readFile } from 'node:fs/promises';
import { SandboxError } from './errors.js';

/** The longest argument, or environment entry, that Linux passes on: 32 pages with the terminating NUL. */
const MAX_STRING_BYTES = 131_071;

/** The kernel counts a pointer for each string. */
const POINTER_BYTES = 8;

/** Every Unix passes on so much; then its exact bound need not be looked up. */
const ALWAYS_FITS_BYTES = 65_536;

/** Kept free for the file name, the auxiliary vector and alignment. */
const RESERVE_BYTES = 4_096;

/**
 * Makes sure that execve(2) takes a command line with its environment.
 * @throws SandboxError kind `execution`, code `arguments_too_long`, naming what is too long, its size and the bound
 */
export async function checkArgumentSize(
  line: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<void> {
  let total = 0;
  for (const argument of line) total += sizeOf(Buffer.byteLength(argument));
  for (const name of Object.keys(environment)) {
    total += sizeOf(Buffer.byteLength(name) + 1 + Buffer.byteLength(environment[name]!));
  }
  if (total <= ALWAYS_FITS_BYTES) return;
  const bound = (await totalBound()) - RESERVE_BYTES;
  if (total > bound) throw tooLong(`arguments and environment of ${total} bytes in all`, total, bound);
}

/** @throws SandboxError where a string of so many bytes is too long by itself */
function sizeOf(bytes: number): number {
  if (bytes > MAX_STRING_BYTES && process.platform === 'linux') {
    throw tooLong(`one argument or environment entry of ${bytes} bytes`, bytes, MAX_STRING_BYTES);
  }
  return bytes + 1 + POINTER_BYTES;
}

const LARGEST_BOUND = 6 * 1_024 * 1_024;
const DEFAULT_BOUND = 1_024 * 1_024;

/** Linux: a quarter of the stack limit, at most 6 MiB. macOS: 1 MiB. */
async function totalBound(): Promise<number> {
  if (process.platform !== 'linux') return DEFAULT_BOUND;
  const limits = await readFile('/proc/self/limits', 'latin1').catch(() => '');
  const soft = /^Max stack size\s+(\d+|unlimited)/m.exec(limits)?.[1];
  if (soft === undefined) return DEFAULT_BOUND;
  return soft === 'unlimited' ? LARGEST_BOUND : Math.min(Math.floor(Number(soft) / 4), LARGEST_BOUND);
}

function tooLong(what: string, bytes: number, bound: number): SandboxError {
  return new SandboxError(
    'execution',
    'arguments_too_long',
    `command: ${what} exceed what the system passes on: ${bound} bytes (pass large data as stdin or files)`,
    { bytes, bound },
  );
}
