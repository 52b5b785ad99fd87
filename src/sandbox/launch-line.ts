import { JOIN_CGROUPS } from './join-cgroups.js';
import { BLOCK_BYTES, type Rlimits } from './rlimits.js';

/** The programs that a command line is built from, as absolute paths. */
export interface LaunchTools {
  readonly shell: string;
  /** setpriv(1) with --pdeathsig, where there is one. */
  readonly setpriv: string | null;
}

export interface LaunchLineOptions {
  readonly command: readonly string[];
  /** The `cgroup.procs` of the task's cgroups. */
  readonly procsFiles: readonly string[];
  readonly rlimits: Rlimits | null;
  /** The user to become; only setpriv can do that. */
  readonly user: { readonly uid: number; readonly gid: number } | null;
}

/** After the cgroups: $1 open files, $2 file size in blocks, $3 and $4 soft and hard CPU seconds. */
const SET_RLIMITS = `exec 3>&-
ulimit -c 0
ulimit -n "$1"
ulimit -f "$2"
ulimit -S -t "$3"
ulimit -H -t "$4"
shift 4`.replaceAll(/^(ulimit.*)$/gm, '$1 2>/dev/null');

/**
 * The command line that starts a command in its cgroups, under its rlimits and, on Linux, lets it die with the sidecar.
 * Arguments are passed on as they are, never through a shell's parser. Limits are set as far as the sidecar's own hard
 * limits allow. With rlimits descriptor 3, where there is one, is closed when the cgroups are joined.
 */
export function launchLine(
  { shell, setpriv }: LaunchTools,
  { command, procsFiles, rlimits, user }: LaunchLineOptions,
): [file: string, ...args: string[]] {
  const shim = [JOIN_CGROUPS, ...(rlimits === null ? [] : [SET_RLIMITS]), 'exec "$@"'].join('\n');
  const identity = user === null ? [] : ['--reuid', `${user.uid}`, '--regid', `${user.gid}`, '--clear-groups'];
  const become = setpriv === null ? [] : [setpriv, ...identity, '--pdeathsig', 'KILL', '--'];
  return [
    ...([shell, '-c', shim, 'exec-sidecar'] as const),
    ...[...procsFiles, '--'],
    ...(rlimits === null ? [] : settingsOf(rlimits)),
    ...[...become, ...command],
  ];
}

function settingsOf({ openFiles, fileSizeBytes, cpuSeconds }: Rlimits): string[] {
  return [openFiles, fileSizeBytes / BLOCK_BYTES, cpuSeconds.soft, cpuSeconds.hard].map(String);
}
