import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** The cgroups and the mounts of these instances that are there. */
export function remainsOf(instances: readonly string[]): string[] {
  const names = instances.map((id) => `exec-sidecar-${id}`);
  const groups = cgroupDirectories().filter((path) => names.some((name) => path.endsWith(name)));
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  return [...groups, ...mounts.filter((line) => instances.some((id) => line.includes(id)))];
}

/** The directories below every hierarchy, two levels deep: where the groups of instances are made. */
function cgroupDirectories(): string[] {
  const root = '/sys/fs/cgroup';
  if (!existsSync(root)) return [];
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => [`${root}/${name}`, ...childrenOf(`${root}/${name}`)]);
}

function childrenOf(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => `${directory}/${name}`);
}
