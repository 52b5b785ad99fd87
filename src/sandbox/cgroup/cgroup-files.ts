import {
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  rmdirSync,
  statSync,
  watch,
  writeSync,
} from 'node:fs';
import { statfs } from 'node:fs/promises';

/**
 * What is done to the files of cgroups: the whole contact with the kernel goes through here.
 * Each method throws, or rejects with, the kernel's error, its name in `code`. What each task needs answers at once: the
 * promises for some twenty reads took as long as the reads.
 */
export interface CgroupFiles {
  read(path: string): Promise<string>;
  /** Writes in one call, as the kernel wants it. Never creates a file. */
  write(path: string, text: string): Promise<void>;
  makeDirectory(path: string): Promise<void>;
  removeDirectory(path: string): Promise<void>;
  /** The names of the groups directly below a group. */
  children(path: string): string[];
  /** Whether the path is a directory of a cgroup file system. False for a path that is not there. */
  isCgroup(path: string): Promise<boolean>;
  /** Opens a file that is read again and again. */
  open(path: string): OpenCgroupFile;
  /** Opens a file that is written again and again. Never creates one. */
  openToWrite(path: string): WritableCgroupFile;
  /** Calls back when the kernel says that an `.events` file has changed. */
  watch(path: string, changed: () => void): { close(): void };
}

/** A file that is kept open: each read gives its present text. */
export interface OpenCgroupFile {
  read(): string;
  close(): void;
}

/** A file that is kept open: each text is written in one call, as the kernel wants it. */
export interface WritableCgroupFile {
  write(text: string): void;
  close(): void;
}

/**
 * The cgroup files of the running kernel. Most are done synchronously: the kernel answers within 0.1 ms, and by way of the
 * thread pool that would take ten times as long.
 */
export const kernelCgroupFiles: CgroupFiles = {
  read: async (path) => {
    const descriptor = openSync(path, constants.O_RDONLY);
    try {
      return readText(descriptor);
    } finally {
      closeSync(descriptor);
    }
  },
  write: async (path, text) => {
    const descriptor = openSync(path, constants.O_WRONLY);
    try {
      writeSync(descriptor, text);
    } finally {
      closeSync(descriptor);
    }
  },
  makeDirectory: async (path) => {
    mkdirSync(path);
  },
  removeDirectory: async (path) => rmdirSync(path),
  children: (path) => {
    // A directory has a link for itself, one for its name, and one from each directory in it.
    if (statSync(path).nlink === 2) return [];
    const entries = readdirSync(path, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  },
  isCgroup: async (path) => {
    const type = await statfs(path).then(
      (status) => status.type,
      () => null,
    );
    return type === CGROUP_SUPER_MAGIC || type === CGROUP2_SUPER_MAGIC;
  },
  open: (path) => {
    const descriptor = openSync(path, constants.O_RDONLY);
    return {
      read: () => {
        const length = readSync(descriptor, readBuffer, 0, readBuffer.length, 0);
        return readBuffer.toString('latin1', 0, length);
      },
      close: () => closeSync(descriptor),
    };
  },
  openToWrite: (path) => {
    const descriptor = openSync(path, constants.O_WRONLY);
    return {
      write: (text) => void writeSync(descriptor, text, 0),
      close: () => closeSync(descriptor),
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

/** More than the longest file that is read again and again, `memory.stat`, takes. */
const readBuffer = Buffer.allocUnsafe(16_384);

/** A file of the kernel has no size, and for such a one Node's own `readFile` takes 64 KiB each time. */
function readText(descriptor: number): string {
  let text = '';
  for (;;) {
    const length = readSync(descriptor, readBuffer, 0, readBuffer.length, null);
    if (length === 0) return text;
    text += readBuffer.toString('latin1', 0, length);
  }
}
