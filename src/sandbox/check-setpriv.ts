import { execa } from 'execa';
import { STANDARD_PATH } from './tools.js';

/** The setpriv that was found where it knows --pdeathsig, which that of busybox does not, and only Linux has; or null. */
export async function checkSetpriv(setpriv: string | null): Promise<string | null> {
  if (setpriv === null) return null;
  const { exitCode } = await execa(setpriv, ['--pdeathsig', 'KILL', '--', 'true'], {
    env: { PATH: STANDARD_PATH },
    extendEnv: false,
    stdio: 'ignore',
    reject: false,
  });
  return exitCode === 0 ? setpriv : null;
}
