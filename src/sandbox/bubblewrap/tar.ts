import type { TaskFile } from '../../../protocol/index.js';

const BLOCK_BYTES = 512;
const DEFAULT_MODE = 0o644;
const MAX_NAME_BYTES = 100;

/**
 * Files as a tar archive, in pieces: ustar, with GNU's entries for long names, which every tar reads. Directories are
 * left to be made on extraction.
 */
export function tarOf(files: readonly TaskFile[]): Uint8Array[] {
  const pieces = files.flatMap(({ path, data, mode }) => {
    const name = Buffer.from(path);
    const content = Buffer.from(data);
    const long = name.byteLength > MAX_NAME_BYTES ? entry(Buffer.from('././@LongLink'), 'L', 0, name) : [];
    return [...long, ...entry(name.subarray(0, MAX_NAME_BYTES), '0', mode ?? DEFAULT_MODE, content)];
  });
  return [...pieces, Buffer.alloc(2 * BLOCK_BYTES)];
}

function entry(name: Uint8Array, type: string, mode: number, content: Uint8Array): Uint8Array[] {
  const padding = Buffer.alloc((BLOCK_BYTES - (content.byteLength % BLOCK_BYTES)) % BLOCK_BYTES);
  return [header(name, type, mode, content.byteLength), content, padding];
}

/** Owner and group are 0: the files are the extracting user's. They are new: archivers refuse what is from before 1980. */
function header(name: Uint8Array, type: string, mode: number, bytes: number): Uint8Array {
  const block = Buffer.alloc(BLOCK_BYTES);
  block.set(name, 0);
  block.write(
    `${octal(mode, 7)}\0${octal(0, 7)}\0${octal(0, 7)}\0${octal(bytes, 11)}\0${octal(Math.floor(Date.now() / 1_000), 11)}\0`,
    100,
  );
  block.write(`        ${type}`, 148);
  block.write('ustar\u000000', 257);
  block.write(`${octal(sum(block), 6)}\0 `, 148);
  return block;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}

function sum(block: Uint8Array): number {
  return block.reduce((total, byte) => total + byte, 0);
}
