import { closeSync, constants, openSync, statSync } from 'node:fs';
import type { PassedDescriptor, TemplateNamespace } from '../fork-server/index.js';
import { sendSignal } from '../kill-tree.js';
import { LineReader } from '../line-reader.js';
import { childrenOf } from '../process-reader.js';
import type { Starting } from '../starting.js';
import { type BwrapOptions, bwrapArguments } from './bwrap-arguments.js';
import { bwrapFailure } from './bwrap-failure.js';
import { changedUser, type TaskUser } from './identity.js';
import type { ProvidedFiles } from './layout.js';

export interface TemplateOptions extends Pick<BwrapOptions, 'layout' | 'network'> {
  /** bwrap(1), as an absolute path. */
  readonly bwrap: string;
  readonly starting: Starting;
  readonly user: TaskUser;
  readonly provided: ProvidedFiles;
}

/** A mount namespace that sandboxes get copies of, for as long as somebody has it in use. */
export interface TemplateUse {
  readonly namespace: TemplateNamespace;
  /** To be called once the copy is there, or will never be. */
  done(): void;
}

/** For so long what a template shows is taken to be what the host has. */
const FRESH_MS = 1_000;

/**
 * What all sandboxes show, made once by bubblewrap: the programs and files of the system, read-only, in a mount
 * namespace that lives on by a descriptor when nobody is in it any more. It is made anew where a path that it shows
 * leads to another file on the host than it did: a mount shows the file that was there, not what has taken its name.
 */
export class SandboxTemplate {
  readonly #options: TemplateOptions;
  #current: Promise<Made> | null = null;
  #closed = false;

  constructor(options: TemplateOptions) {
    this.#options = options;
  }

  /** @throws SandboxError kind `sandbox`, with what bubblewrap said, where it cannot be made */
  async use(): Promise<TemplateUse> {
    this.#current ??= this.#make();
    const made = await this.#current;
    if (made.isStale()) {
      this.#retire();
      return this.use();
    }
    return made.use();
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true;
    this.#retire();
  }

  #retire(): void {
    this.#current?.then(
      (made) => made.retire(),
      () => undefined,
    );
    this.#current = null;
  }

  async #make(): Promise<Made> {
    try {
      const made = new Made(this.#options.layout.binds, await makeMounts(this.#options));
      if (this.#closed) made.retire();
      return made;
    } catch (error) {
      this.#current = null;
      throw error;
    }
  }
}

let lastSerial = 0;

/** One that was made, and is closed when it is neither the current one nor in use. */
class Made {
  readonly #paths: readonly string[];
  readonly #namespace: TemplateNamespace;
  readonly #shown: string;
  #checkedAt = performance.now();
  #uses = 0;
  #isRetired = false;

  constructor(paths: readonly string[], { fd, shown }: { fd: number; shown: string }) {
    this.#paths = paths;
    this.#namespace = { serial: ++lastSerial, fd };
    this.#shown = shown;
  }

  /** Looked at once a second at most. */
  isStale(): boolean {
    if (performance.now() - this.#checkedAt < FRESH_MS) return false;
    this.#checkedAt = performance.now();
    return identities(this.#paths) !== this.#shown;
  }

  use(): TemplateUse {
    this.#uses += 1;
    let isDone = false;
    const done = () => {
      if (isDone) return;
      isDone = true;
      this.#uses -= 1;
      this.#closeUnlessNeeded();
    };
    return { namespace: this.#namespace, done };
  }

  retire(): void {
    this.#isRetired = true;
    this.#closeUnlessNeeded();
  }

  #closeUnlessNeeded(): void {
    if (this.#isRetired && this.#uses === 0) closeSync(this.#namespace.fd);
  }
}

/** What the paths lead to, in one text. */
function identities(paths: readonly string[]): string {
  return paths
    .map((path) => statSync(path, { throwIfNoEntry: false }))
    .map((found) => (found === undefined ? '-' : `${found.dev}:${found.ino}`))
    .join(' ');
}

/** The program in it only says when all is mounted, and waits until that is held. */
const PROGRAM = ['/bin/sh', '-c', 'echo; read wait'];

const PAGE_BYTES = 4_096;

/** The first descriptor after the standard streams. */
const FIRST_DESCRIPTOR = 3;

async function makeMounts(options: TemplateOptions): Promise<{ fd: number; shown: string }> {
  const { bwrap, starting, layout, provided, user } = options;
  const shown = identities(layout.binds);
  const files: PassedDescriptor[] = [];
  try {
    for (const path of provided.values()) files.push({ fd: openSync(path, 'r'), flags: constants.O_RDONLY });
    const sizes = { privateBytes: PAGE_BYTES, sharedMemoryBytes: PAGE_BYTES };
    const places = { provided: [...provided.keys()], providedFrom: FIRST_DESCRIPTOR };
    const mounting = bwrapArguments({ ...options, ...user, ...sizes, ...places, seccomp: false });
    const spawned = await starting.starter!.start({
      file: bwrap,
      argv: [bwrap, ...mounting, '--', ...PROGRAM],
      directories: [],
      cwd: '/',
      environment: {},
      stdin: 'pipe',
      descriptors: files,
      cgroup: null,
      rlimits: null,
      user: changedUser(user),
    });
    const { pid } = spawned.identity;
    try {
      if ((await new LineReader(spawned.stdout).next()) === null) throw await bwrapFailure(spawned, 'made');
      return { fd: openSync(`/proc/${childrenOf(pid)[0]}/ns/mnt`, 'r'), shown };
    } finally {
      sendSignal(pid, 'SIGKILL');
      void spawned.exited.then(() => spawned.release(true));
    }
  } finally {
    for (const { fd } of files) closeSync(fd);
  }
}
