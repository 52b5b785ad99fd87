import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A directory with the two files in which the kernel tells a process its cgroups. Gone after the test. */
export function procDirectory(content: { readonly cgroup: string; readonly mountinfo: string }): string {
  const directory = mkdtempSync(join(tmpdir(), 'cgroup-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  writeFileSync(join(directory, 'cgroup'), content.cgroup);
  writeFileSync(join(directory, 'mountinfo'), content.mountinfo);
  return directory;
}
