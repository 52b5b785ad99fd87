/** A process's place in one hierarchy. */
export interface Membership {
  readonly version: 1 | 2;
  /** The controllers of a version 1 hierarchy, `name=…` for one without; empty for version 2. */
  readonly controllers: readonly string[];
  readonly path: string;
}

/**
 * The lines `id:controllers:path` of `/proc/<pid>/cgroup`. The path is not escaped and may hold colons. Version 2 is
 * the line with the id 0 and no controllers. Lines of another form are left out.
 */
export function parseMemberships(text: string): Membership[] {
  return text.split('\n').flatMap((line): Membership[] => {
    const match = /^(\d+):([^:]*):(\/.*)$/.exec(line);
    if (match === null) return [];
    const [, id, controllers, path] = match;
    if (id === '0') return [{ version: 2, controllers: [], path: path! }];
    return [{ version: 1, controllers: controllers!.split(','), path: path! }];
  });
}
