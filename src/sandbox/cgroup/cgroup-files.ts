import { constants, readSync, watch } from 'node:fs';
import { mkdir, open, readdir, rmdir, statfs } from 'node:fs/promises';
import { BufferPool } from '../../../protocol/index.js';

/**
 * What is done to the files of cgroups: the whole contact with the kernel goes through here.
 * Each method rejects with the kernel's error, its name in `code`.
 */
export interface CgroupFiles {
  read(path: string): Promise<string>;
  /** Writes in one call, as the kernel wants it. Never creates a file. */
  write(path: string, text: string): Promise<void>;
  makeDirectory(path: string): Promise<void>;
  removeDirectory(path: string): Promise<void>;
  /** The names of the groups directly below a group. */
  children(path: string): Promise<string[]>;
  /** Whether the path is a directory of a cgroup file system. False for a path that is not there. */
  isCgroup(path: string): Promise<boolean>;
  /** Opens a file that is read again and again. */
  open(path: string): Promise<OpenCgroupFile>;
  /** Calls back when the kernel says that an `.events` file has changed. */
  watch(path: string, changed: () => void): { close(): void };
}

/** A file that is kept open: each read gives its present text. */
export interface OpenCgroupFile {
  read(): Promise<string>;
  close(): Promise<void>;
}

/** The cgroup files of the running kernel. */
export const kernelCgroupFiles: CgroupFiles = {
  read: readText,
  write: async (path, text) => {
    const handle = await open(path, constants.O_WRONLY);
    try {
      await handle.write(text);
    } finally {
      await handle.close();
    }
  },
  makeDirectory: async (path) => {
    await mkdir(path);
  },
  removeDirectory: (path) => rmdir(path),
  children: async (path) => {
    const entries = await readdir(path, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  },
  isCgroup: async (path) => {
    const type = await statfs(path).then(
      (status) => status.type,
      () => null,
    );
    return type === CGROUP_SUPER_MAGIC || type === CGROUP2_SUPER_MAGIC;
  },
  open: async (path) => {
    const handle = await open(path, constants.O_RDONLY);
    return {
      read: async () => {
        // Through the thread pool it would cost several times as much, and leave more garbage than the text.
        const bytesRead = readSync(handle.fd, sampleBuffer, 0, MAX_FILE_BYTES, 0);
        return asText(sampleBuffer, bytesRead);
      },
      close: () => handle.close(),
    };
  },
  watch: (path, changed) => {
    const watcher = watch(path, { persistent: false }, changed);
    watcher.on('error', () => watcher.close());
    return watcher;
  },
};

/** From the kernel's include/uapi/linux/magic.h. */
const CGROUP_SUPER_MAGIC = 0x27e0eb;
const CGROUP2_SUPER_MAGIC = 0x63677270;

/** More than the longest file that is read this way, `memory.stat`, takes. */
const MAX_FILE_BYTES = 16_384;

const sampleBuffer = new Uint8Array(MAX_FILE_BYTES);

/**
 * Files are read for every task, and Node's own `readFile` would take 64 KiB each time, a file of the kernel having
 * no size.
 */
const buffers = new BufferPool({ bufferBytes: MAX_FILE_BYTES, maxKept: 8 });

async function readText(path: string): Promise<string> {
  const handle = await open(path, constants.O_RDONLY);
  const buffer = buffers.take(MAX_FILE_BYTES);
  try {
    let text = '';
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, MAX_FILE_BYTES);
      if (bytesRead === 0) return text;
      text += asText(buffer, bytesRead);
    }
  } finally {
    buffers.giveBack(buffer);
    await handle.close();
  }
}

function asText({ buffer }: Uint8Array, length: number): string {
  return Buffer.from(buffer, 0, length).toString('latin1');
}
