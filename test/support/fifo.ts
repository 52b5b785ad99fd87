import { execFileSync } from 'node:child_process';
import { constants, openSync, readSync } from 'node:fs';
import { join } from 'node:path';

/** The two ends of a pipe, neither of which blocks. Who asks for it closes both. */
export function openFifo(folder: string): { reader: number; writer: number } {
  const path = join(folder, 'fifo');
  execFileSync('mkfifo', [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return { reader, writer: openSync(path, constants.O_WRONLY | constants.O_NONBLOCK) };
}

/** What lies in a pipe whose writer is still there, up to 1 MiB of it. */
export function readWhatIsThere(reader: number): Buffer {
  const bytes = Buffer.alloc(1_048_576);
  let length = 0;
  try {
    for (let read = -1; read !== 0; length += read)
      read = readSync(reader, bytes, length, bytes.byteLength - length, null);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
  }
  return bytes.subarray(0, length);
}

/** So many bytes of which each tells where it stands. */
export function numbered(byteLength: number, from = 0): Uint8Array {
  return Uint8Array.from({ length: byteLength }, (_, index) => (from + index) % 251);
}
