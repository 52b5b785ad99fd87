import { posix } from 'node:path';
import type { CgroupFiles } from '../../../src/sandbox/cgroup/cgroup-files.js';

/** A process id that no kernel gives out. */
export const FAKE_PID = 8_000_001;

interface Group {
  readonly path: string;
  readonly parent: Group | null;
  readonly children: Map<string, Group>;
  readonly processes: Set<number>;
  readonly handedDown: Set<string>;
  readonly written: Map<string, string>;
}

/** The files that a controller puts into a group, with what they hold at first; null for those that are read only. */
const CONTROLLER_FILES: Record<string, Record<string, string>> = {
  memory: {
    'memory.max': 'max\n',
    'memory.high': 'max\n',
    'memory.swap.max': 'max\n',
    'memory.oom.group': '0\n',
    'memory.current': '0\n',
    'memory.peak': '0\n',
    'memory.stat': 'anon 0\nfile 0\ninactive_file 0\nactive_file 0\nslab_reclaimable 0\n',
    'memory.events': 'low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\noom_group_kill 0\n',
  },
  pids: { 'pids.max': 'max\n', 'pids.current': '0\n', 'pids.peak': '0\n', 'pids.events': 'max 0\n' },
  cpu: { 'cpu.max': 'max 100000\n' },
  io: { 'io.stat': '' },
  hugetlb: { 'hugetlb.2MB.max': 'max\n' },
};

/**
 * A version 2 hierarchy that keeps the kernel's rules: a group's controllers are those its parent hands down; a group
 * with processes, the root aside, cannot hand down, and one that hands down cannot take processes; only an empty group
 * can be removed. `fake-cgroup2.test.ts` compares it with the kernel.
 */
export class FakeCgroup2 implements CgroupFiles {
  readonly mountPoint = '/fake';
  /** Paths that only another user may write to. */
  readonly forbidden = new Set<string>();
  /** Files that this kernel does not have. */
  readonly missing = new Set<string>();
  /** The threads of this hierarchy: overrides the content of `cgroup.type`. */
  readonly types = new Map<string, string>();
  readonly #root: Group;
  readonly #controllers: readonly string[];
  readonly #watchers = new Map<string, Set<() => void>>();

  constructor(controllers: readonly string[]) {
    this.#controllers = controllers;
    this.#root = newGroup(this.mountPoint, null);
  }

  /** Puts a process into a group, as being started there would. */
  start(path: string, pid: number): void {
    this.#find(path).processes.add(pid);
  }

  /** Sets what the kernel says in a file, and tells those who watch it. */
  set(path: string, text: string): void {
    this.#find(posix.dirname(path)).written.set(posix.basename(path), text);
    for (const changed of this.#watchers.get(path) ?? []) changed();
  }

  /** The paths of all groups, the root aside. */
  groups(group = this.#root): string[] {
    return [...group.children.values()].flatMap((child) => [child.path, ...this.groups(child)]);
  }

  async read(path: string): Promise<string> {
    return this.#read(path);
  }

  async write(path: string, text: string): Promise<void> {
    this.#write(path, text);
  }

  #read(path: string): string {
    const group = this.#find(posix.dirname(path));
    const name = posix.basename(path);
    if (this.missing.has(name)) throw errno('ENOENT', path);
    if (name === 'cgroup.procs') {
      if (this.types.get(group.path) === 'threaded') throw errno('EOPNOTSUPP', path);
      return [...group.processes].map((pid) => `${pid}\n`).join('');
    }
    if (name === 'cgroup.controllers') return `${[...this.#available(group)].join(' ')}\n`;
    if (name === 'cgroup.subtree_control') return `${[...group.handedDown].join(' ')}\n`;
    if (name === 'cgroup.kill') throw errno('EINVAL', path);
    if (name === 'cgroup.type' && group.parent !== null) return `${this.types.get(group.path) ?? 'domain'}\n`;
    const text = group.written.get(name) ?? this.#initial(group, name);
    if (text === undefined) throw errno('ENOENT', path);
    return text;
  }

  #write(path: string, text: string): void {
    if (this.forbidden.has(path)) throw errno('EACCES', path);
    const group = this.#find(posix.dirname(path));
    const name = posix.basename(path);
    if (this.missing.has(name)) throw errno('ENOENT', path);
    if (name === 'cgroup.subtree_control') this.#handDown(group, text, path);
    else if (name === 'cgroup.procs') this.#move(group, Number(text), path);
    else if (name === 'cgroup.kill' && group.parent !== null) killAll(group);
    else if (this.#initial(group, name) === undefined) throw errno('ENOENT', path);
    else if (!/^(max|\d+)( \d+)?$/.test(text)) throw errno('EINVAL', path);
    else group.written.set(name, `${text}\n`);
  }

  async makeDirectory(path: string): Promise<void> {
    const parent = this.#find(posix.dirname(path));
    if (this.forbidden.has(parent.path)) throw errno('EACCES', path);
    if (parent.children.has(posix.basename(path))) throw errno('EEXIST', path);
    parent.children.set(posix.basename(path), newGroup(path, parent));
  }

  async removeDirectory(path: string): Promise<void> {
    const group = this.#find(path);
    if (group.parent === null || group.children.size > 0 || group.processes.size > 0) throw errno('EBUSY', path);
    group.parent.children.delete(posix.basename(path));
  }

  children(path: string): string[] {
    return [...this.#find(path).children.keys()];
  }

  async isCgroup(path: string): Promise<boolean> {
    return path.startsWith(this.mountPoint);
  }

  open(path: string) {
    this.#read(path);
    return { read: () => this.#read(path), close: () => undefined };
  }

  openToWrite(path: string) {
    this.#read(path);
    return { write: (text: string) => this.#write(path, text), close: () => undefined };
  }

  watch(path: string, changed: () => void) {
    const watchers = this.#watchers.get(path) ?? new Set();
    this.#watchers.set(path, watchers.add(changed));
    return { close: () => void watchers.delete(changed) };
  }

  /** How many watches are open. */
  get watches(): number {
    return [...this.#watchers.values()].reduce((sum, watchers) => sum + watchers.size, 0);
  }

  #find(path: string): Group {
    const below = posix.relative(this.mountPoint, path);
    let group: Group | undefined = this.#root;
    for (const segment of below.split('/').filter(Boolean)) group = group?.children.get(segment);
    if (group === undefined) throw errno('ENOENT', path);
    return group;
  }

  #available(group: Group): Iterable<string> {
    return group.parent === null ? this.#controllers : group.parent.handedDown;
  }

  #initial(group: Group, name: string): string | undefined {
    if (name === 'cpu.stat') return 'usage_usec 0\nuser_usec 0\nsystem_usec 0\n';
    if (group.parent === null) return undefined;
    if (name === 'cgroup.freeze') return '0\n';
    for (const controller of this.#available(group)) {
      const text = CONTROLLER_FILES[controller]?.[name];
      if (text !== undefined) return text;
    }
    return undefined;
  }

  #handDown(group: Group, text: string, path: string): void {
    const controller = text.slice(1);
    if (text.startsWith('+')) {
      if (![...this.#available(group)].includes(controller)) throw errno('ENOENT', path);
      if (group.parent !== null && group.processes.size > 0) throw errno('EBUSY', path);
      group.handedDown.add(controller);
    } else {
      const users = [...group.children.values()].filter((child) => child.handedDown.has(controller));
      if (users.length > 0) throw errno('EBUSY', path);
      group.handedDown.delete(controller);
    }
  }

  #move(group: Group, pid: number, path: string): void {
    if (group.parent !== null && group.handedDown.size > 0) throw errno('EBUSY', path);
    const from = [this.#root, ...this.groups().map((at) => this.#find(at))].find(({ processes }) => processes.has(pid));
    if (from === undefined) throw errno('ESRCH', path);
    from.processes.delete(pid);
    group.processes.add(pid);
  }
}

function newGroup(path: string, parent: Group | null): Group {
  return { path, parent, children: new Map(), processes: new Set(), handedDown: new Set(), written: new Map() };
}

function killAll(group: Group): void {
  group.processes.clear();
  for (const child of group.children.values()) killAll(child);
}

function errno(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
