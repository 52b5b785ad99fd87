import { execa } from 'execa';
import { checkSpawnRoom } from './descriptor-room.js';
import { defaultPath } from './tools.js';

/**
 * Removes a directory that Node could not, by chmod(1) and rm(1): they walk by descriptors, so that no path is ever too
 * long for them.
 * @throws where something cannot be removed
 */
export async function removeStubbornTree(directory: string): Promise<void> {
  checkSpawnRoom();
  const options = { env: { PATH: defaultPath() }, extendEnv: false, stdin: 'ignore', cwd: '/' } as const;
  await execa('chmod', ['-R', 'u+rwX', '--', directory], { ...options, reject: false });
  await execa('rm', ['-rf', '--', directory], options);
}
