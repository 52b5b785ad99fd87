/** An environment, divided by what a shell on the way to the command may be given. */
export interface DividedEnvironment {
  /** What means nothing to a shell, and passes through it. */
  readonly plain: Record<string, string>;
  /** Words of a command line that put the rest back, before the command itself; empty where there is nothing. */
  readonly restoring: readonly string[];
}

/**
 * Keeps from a shell what it would not pass on, such as `a.b`, what it would fail at, such as an `OPTIND` that is no
 * number, and what would change the shell itself: it must be within the task's limits before anything of the task runs.
 */
export function divideEnvironment(environment: Readonly<Record<string, string>>): DividedEnvironment {
  const variables = Object.entries(environment);
  const plain = variables.filter(([name]) => isPlain(name));
  const others = variables.filter(([name]) => !isPlain(name)).map(([name, value]) => `${name}=${value}`);
  return { plain: Object.fromEntries(plain), restoring: others.length === 0 ? [] : ['/usr/bin/env', '--', ...others] };
}

function isPlain(name: string): boolean {
  return NAMEABLE.test(name) && !OF_SHELLS.test(name) && !OF_LOADERS.test(name);
}

const NAMEABLE = /^[A-Za-z_]\w*$/;

/** What a shell reads as its own or lets nobody set. */
const OF_SHELLS =
  /^(_|BASH.*|ENV|E?UID|GROUPS|IFS|KSH_VERSION|LINENO|OLDPWD|OPTIND|POSIXLY_CORRECT|PPID|PS4|PWD|SECONDS|SHELLOPTS)$/;

/** What makes the dynamic loader run other code than the program's. */
const OF_LOADERS = /^(LD|DYLD)_|^GLIBC_TUNABLES$/;
