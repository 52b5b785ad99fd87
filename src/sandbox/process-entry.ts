/** Tells a process from a later one that was given the same pid. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Linux: clock ticks since boot; elsewhere: seconds since the Unix epoch. Null where it could not be read. */
  readonly startTime: number | null;
}

/** One process as a scan saw it. */
export interface ProcessEntry extends ProcessIdentity {
  readonly startTime: number;
  readonly ppid: number;
  readonly pgid: number;
  /** Session id; null where `ps` does not tell. */
  readonly sid: number | null;
  /** One letter; `Z` and `X` are dead and only wait to be reaped. */
  readonly state: string;
  /** Null where `ps` does not tell. */
  readonly times: ProcessTimes | null;
}

/** CPU time in ms, in steps of 10: of the process itself, and of the children that it has reaped. */
export interface ProcessTimes {
  readonly userMs: number;
  readonly systemMs: number;
  readonly reapedUserMs: number;
  readonly reapedSystemMs: number;
}

/** Whether a process has ended and only its entry is left. */
export function isDead({ state }: ProcessEntry): boolean {
  return state === 'Z' || state === 'X';
}

/** What proc(5) calls the field. */
const START_TIME_FIELD = 22;

/** USER_HZ is 100 on every architecture that Node runs on. */
const MS_PER_TICK = 10;

/**
 * Parses /proc/<pid>/stat. The command name may hold spaces and parentheses, so the fields are counted from the last
 * parenthesis: what proc(5) calls field n is at n − 3.
 */
export function parseProcStat(pid: number, text: string): ProcessEntry | null {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const number = (field: number) => Number(fields[field - 3]);
  const startTime = number(START_TIME_FIELD);
  if (!Number.isInteger(startTime)) return null;
  return {
    pid,
    state: fields[0] ?? '?',
    ppid: number(4),
    pgid: number(5),
    sid: number(6),
    startTime,
    times: {
      userMs: number(14) * MS_PER_TICK,
      systemMs: number(15) * MS_PER_TICK,
      reapedUserMs: number(16) * MS_PER_TICK,
      reapedSystemMs: number(17) * MS_PER_TICK,
    },
  };
}

/** The start of a process alone, out of what ends with the text of its /proc/<pid>/stat: each command has this read. */
export function parseStartTime(text: string): number | null {
  let at = text.lastIndexOf(')') + 1;
  if (at === 0) return null;
  for (let field = 3; field < START_TIME_FIELD; field += 1) at = text.indexOf(' ', at + 1);
  const startTime = Number.parseInt(text.slice(at + 1, text.indexOf(' ', at + 1)), 10);
  return Number.isInteger(startTime) ? startTime : null;
}

/** Parses a line of `ps -o pid=,ppid=,pgid=,stat=,lstart=` in the C locale, times in UTC. */
export function parsePsLine(line: string): ProcessEntry | null {
  const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S)\S*\s+(.+?)\s*$/.exec(line);
  if (match === null) return null;
  const [, pid, ppid, pgid, state = '?', started] = match;
  const startTime = Date.parse(`${started} UTC`) / 1_000;
  if (!Number.isFinite(startTime)) return null;
  return { pid: Number(pid), ppid: Number(ppid), pgid: Number(pgid), sid: null, state, startTime, times: null };
}
