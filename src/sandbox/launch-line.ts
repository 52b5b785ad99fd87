import type { EffectiveLimits } from '../../protocol/index.js';
import { JOIN_CGROUPS } from './join-cgroups.js';

/** The programs that a command line is built from, as absolute paths. */
export interface LaunchTools {
  readonly shell: string;
  /** setpriv(1) with --pdeathsig, where there is one. */
  readonly setpriv: string | null;
}

/**
 * Joins its cgroups, sets the limits that it is given, as far as the sidecar's own hard limits allow, and becomes the
 * command. Descriptor 3, where there is one, is closed when the cgroups are joined.
 * After the cgroups: $1 open files, $2 file size in blocks of 512 bytes, $3 and $4 soft and hard CPU seconds.
 */
const SHIM = `${JOIN_CGROUPS}
exec 3>&-
ulimit -c 0
ulimit -n "$1"
ulimit -f "$2"
ulimit -S -t "$3"
ulimit -H -t "$4"
shift 4
exec "$@"`.replaceAll(/^(ulimit.*)$/gm, '$1 2>/dev/null');

const BLOCK_BYTES = 512;

/**
 * The command line that starts a command under its rlimits and, on Linux, lets it die with the sidecar. Arguments are
 * passed on as they are, never through a shell's parser.
 * @param restoring what puts back the variables that the shim is not given: see `divideEnvironment`
 * @param procsFiles the `cgroup.procs` of the task's cgroups
 *
 * rlimits hold for each process, not for the tree. File size is rounded up to whole blocks of 512 bytes. The CPU
 * limit is a backstop, a second behind the one that is sampled: SIGXCPU first, SIGKILL a second later. Root may
 * raise its own limits again.
 */
export function launchLine(
  tools: LaunchTools,
  limits: EffectiveLimits,
  restoring: readonly string[],
  command: readonly string[],
  procsFiles: readonly string[] = [],
): [file: string, ...args: string[]] {
  const cpuSeconds = Math.ceil(limits.cpuTimeMs / 1_000) + 1;
  const settings = [limits.openFiles, Math.ceil(limits.fileSizeBytes / BLOCK_BYTES), cpuSeconds, cpuSeconds + 1].map(
    String,
  );
  const deathSignal = tools.setpriv === null ? [] : [tools.setpriv, '--pdeathsig', 'KILL', '--'];
  const line = [...procsFiles, '--', ...settings, ...restoring, ...deathSignal, ...command];
  return [tools.shell, '-c', SHIM, 'exec-sidecar', ...line];
}
