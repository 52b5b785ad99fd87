import { execa } from 'execa';
import { type ProcessEntry, parsePsLine } from './process-entry.js';

/** Reads through ps(1), the only way that every other Unix has. */
export async function readPs(): Promise<ProcessEntry[]> {
  const columns = ['pid=', 'ppid=', 'pgid=', 'stat=', 'lstart='].flatMap((column) => ['-o', column]);
  const { stdout } = await execa('ps', ['-A', ...columns], {
    env: { PATH: process.env.PATH ?? '/bin:/usr/bin', LC_ALL: 'C', TZ: 'UTC' },
    extendEnv: false,
    stdin: 'ignore',
  });
  return stdout.split('\n').flatMap((line) => parsePsLine(line) ?? []);
}
