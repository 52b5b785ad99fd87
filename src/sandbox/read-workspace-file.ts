import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, open, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from './error-code.js';
import type { HardLinks } from './hard-links.js';
import { nameOfOpened, resolveInside, type WorkspaceRoot } from './workspace-root.js';

const { O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;

/** The contents of a file, or why they are not given. */
export type WorkspaceFile = { readonly data: Uint8Array } | { readonly refused: string };

/**
 * Reads a file that a task may have left in its workspace to deceive: links are followed only inside the workspace,
 * what is not a regular file is not opened, and what was opened is checked to be what was looked at.
 * @param maxBytes below 0 there is no room even for an empty file
 */
export async function readWorkspaceFile(
  root: WorkspaceRoot,
  path: string,
  maxBytes: number,
  links: HardLinks,
): Promise<WorkspaceFile> {
  try {
    const resolved = await resolveInside(root, path);
    if (resolved === null) return { refused: 'leads out of the workspace' };
    const target = join(root.path, resolved);
    const file = await lstat(target);
    if (!file.isFile()) return { refused: `is a ${kindOf(file)}` };
    if (file.size > maxBytes) return { refused: tooLarge(file.size, maxBytes) };
    if (!(await links.areInside(file))) return { refused: 'is a hard link to a file outside the workspace' };
    await using handle = await open(target, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (!(await isSameFile(handle, await nameOfOpened(root, resolved), file)))
      return { refused: 'was replaced while it was read' };
    return { data: await readBytes(handle, file.size) };
  } catch (error) {
    const code = errorCode(error);
    return { refused: code === 'ENOENT' || code === 'ENOTDIR' ? 'not found' : `cannot be read (${code})` };
  }
}

/** O_NOFOLLOW guards only the last component; Linux tells where a descriptor has really led. */
async function isSameFile(handle: FileHandle, name: string, expected: Stats): Promise<boolean> {
  const opened = await handle.stat();
  if (!opened.isFile() || opened.ino !== expected.ino || opened.dev !== expected.dev) return false;
  return process.platform !== 'linux' || (await readlink(`/proc/self/fd/${handle.fd}`)) === name;
}

/** Reads so many bytes, or fewer where the file has shrunk; what has been added meanwhile is left. */
async function readBytes(handle: FileHandle, size: number): Promise<Uint8Array> {
  const data = new Uint8Array(size);
  let length = 0;
  while (length < size) {
    const { bytesRead } = await handle.read(data, length, size - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return data.subarray(0, length);
}

function tooLarge(size: number, room: number): string {
  return `of ${size} bytes does not fit into the ${Math.max(0, room)} bytes that the result has left`;
}

function kindOf(file: Stats): string {
  if (file.isDirectory()) return 'directory; a pattern such as name/** returns what is in it';
  if (file.isFIFO()) return 'FIFO';
  if (file.isSocket()) return 'socket';
  return 'device';
}
