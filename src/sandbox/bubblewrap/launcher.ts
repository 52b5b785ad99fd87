import type { ExitStatus } from '../backend.js';
import type { SandboxCommand } from '../fork-server/index.js';
import { BLOCK_BYTES, type Rlimits } from '../rlimits.js';
import { divideEnvironment } from '../shell-environment.js';
import { signalName } from '../signal-name.js';
import { DESCRIPTORS } from './bwrap-arguments.js';
import { WORKSPACE } from './layout.js';

/** What the launcher says when the sandbox is there and it waits, for files where there are to be any, or its script. */
export const READY = 'ready';

/** What the launcher says when the files of the task are in the workspace. */
export const FILLED = 'filled';

/** What the script says when the command's standard input is its own, right before it becomes the command. */
export const STARTED = 'started';

/**
 * The first program in a sandbox. It says that it is there, extracts the task's files, waits for the script, and tells how
 * the script's process, the leader of a session, ended: by an exit code, or 256 + the signal. awk, because a shell gives a
 * signal as an exit code above 128 and bubblewrap does as well. It ends itself with what a shell would: the task can
 * write to the descriptor that it tells its status on, but not change how it exits.
 */
const PROGRAM = `BEGIN {
  out = "/proc/self/fd/${DESCRIPTORS.status}"
  print "${READY}" > out
  fflush(out)
  if (extract != "") {
    if (system(extract) != 0) exit 1
    print "${FILLED}" > out
    fflush(out)
  }
  status = system("exec " leader "/bin/sh /proc/self/fd/${DESCRIPTORS.script}")
  print status > out
  exit (status < 256 ? status : 128 + status % 128)
}`;

export interface LauncherTools {
  readonly awk: string;
  /** Null where there are no files to be extracted. */
  readonly tar: string | null;
  /** setsid(1); null where there is none: then signals reach only the command itself. */
  readonly setsid: string | null;
}

export function launcher({ awk, tar, setsid }: LauncherTools): string[] {
  const extract = tar === null ? '' : `exec ${tar} -xpf - -C ${WORKSPACE} <&${DESCRIPTORS.files}`;
  const leader = setsid === null ? '' : `${setsid} -- `;
  return [awk, '-v', `extract=${extract}`, '-v', `leader=${leader}`, PROGRAM];
}

/** How a status that the launcher told is to be read; null for what is none. */
export function parseStatus(text: string): ExitStatus | null {
  if (!/^\d{1,3}$/.test(text)) return null;
  const status = Number(text);
  if (status < 256) return { exitCode: status, signal: null };
  return { exitCode: null, signal: signalName(status % 128) };
}

/** What comes before a name that env(1) would take for a variable. */
const NO_ASSIGNMENT = ['/usr/bin/nice', '-n', '0', '--'];

/** The script that becomes the command: it sets the limits of each process, and executes. */
export function launchScript({ file, argv, environment, cwd, rlimits, stdin }: SandboxCommand): string {
  const { plain, restoring } = divideEnvironment(environment);
  const [name = file, ...args] = argv;
  const isAssignment = restoring.length > 0 && name.includes('=');
  const isOption = name.startsWith('-');
  const line = [...restoring, ...(isAssignment ? NO_ASSIGNMENT : []), isOption ? file : name, ...args];
  return [
    ...(stdin === 'pipe' ? [`exec </proc/self/fd/${DESCRIPTORS.stdin}`] : []),
    `echo ${STARTED} >&${DESCRIPTORS.status}`,
    'exec 3>&- 4<&- 5<&- 6<&- 7<&- 8<&- 9<&-',
    `cd ${quoted(cwd)} || exit 125`,
    `{ ${ulimits(rlimits)
      .map((setting) => `ulimit ${setting}`)
      .join('; ')}; } 2>/dev/null`,
    'unset PWD OLDPWD',
    ...Object.entries(plain).map(([name, value]) => `export ${name}=${quoted(value)}`),
    `exec ${line.map(quoted).join(' ')}`,
    '',
  ].join('\n');
}

function ulimits({ openFiles, fileSizeBytes, cpuSeconds }: Rlimits): string[] {
  const { soft, hard } = cpuSeconds;
  return ['-c 0', `-n ${openFiles}`, `-f ${fileSizeBytes / BLOCK_BYTES}`, `-S -t ${soft}`, `-H -t ${hard}`];
}

/** A word of a shell script that stands for exactly this text. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
