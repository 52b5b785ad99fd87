import { readFileSync } from 'node:fs';
import type { Sidecar, TaskInput } from '../../../clients/node/index.js';
import type { ErrorKind, LimitWarning, TaskLimitName, TaskResult, TaskStatus } from '../../../protocol/index.js';
import type { Bait } from './host.js';

/**
 * A program that does what it should not, and the verdict that it gets.
 *
 * Each is bounded by itself: it ends after seconds and takes a few hundred processes, MiB or files at most, so that one
 * that gets through does no harm. What would do harm where it works is only tried in namespaces of its own.
 */
export interface Program {
  /** What it does: the rest of a sentence that begins with `a program that`. */
  readonly does: string;
  /** What has to be installed for it. */
  readonly needs?: 'python3';
  /** Whether the host has what it is after. */
  readonly wants?: (bait: Bait) => boolean;
  readonly task: (bait: Bait) => TaskInput;
  readonly expected: Expected;
  /** What happens under the `process` backend, where that is something else. */
  readonly process?: Expected;
  /** How it is driven, where that is not by waiting for its result. */
  readonly drive?: (
    sidecar: Sidecar,
    task: TaskInput,
    onLimitWarning: (warning: LimitWarning) => void,
  ) => Promise<TaskResult>;
}

/** What is asserted of a result. What is left out may be anything, but an error, evidence and files have to be told. */
export interface Expected {
  readonly status: TaskStatus;
  readonly exitCode?: number | null;
  readonly signal?: string | null;
  /** The limit that was struck: with its evidence, its warnings, and whoever `ready` says enforces it. */
  readonly limit?: TaskLimitName;
  readonly stdout?: string;
  readonly error?: { readonly kind: ErrorKind; readonly says: RegExp };
  /** The files that came back, by their paths. */
  readonly collected?: readonly string[];
  /** A warning of the limit has come while less than this was observed. */
  readonly warnedBelow?: number;
}

const CAP_SYS_RESOURCE = 1n << 24n;

/** What a program that tells whether one of its ways has worked says. */
export const REFUSED: Expected = { status: 'success', stdout: 'refused\n' };
export const REACHED: Expected = { status: 'success', stdout: 'reached\n' };

/** For what only root gets through with where nothing holds it; what a container around everything refuses is its own. */
export const REACHED_BY_ROOT: Expected = hasEveryCapability() ? REACHED : { status: 'success' };

export const MIB = 1_048_576;

export function sh(source: string, ...args: string[]): (bait: Bait) => TaskInput {
  return ({ tag }) => ({ command: 'sh', args: ['-c', source, tag, ...args] });
}

/** The task with some of its fields given. */
export function having(task: (bait: Bait) => TaskInput, fields: Partial<TaskInput>): (bait: Bait) => TaskInput {
  return (bait) => ({ ...task(bait), ...fields });
}

/** A program in Python, which finds the bait in `host`. */
export function python(source: string): (bait: Bait) => TaskInput {
  return (bait) => ({ command: 'python3', args: ['-c', PREAMBLE + source, JSON.stringify(bait)] });
}

/** CAP_SYS_RESOURCE, which only lets limits be raised, may be missing. */
function hasEveryCapability(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  const status = readFileSync('/proc/self/status', 'utf8');
  const all = (1n << BigInt(Number(readFileSync('/proc/sys/kernel/cap_last_cap', 'utf8')) + 1)) - 1n;
  const effective = BigInt(`0x${/^CapEff:\s+(\w+)$/m.exec(status)?.[1] ?? '0'}`);
  return (effective | CAP_SYS_RESOURCE) === all && /^Seccomp:\s+0$/m.test(status);
}

/**
 * `reached(*ways)` prints whether one of the ways works: it neither raises nor returns False. `fork()` makes a child
 * that ends by itself. `confined(kind)` tells whether the program is in a namespace of its own.
 */
const PREAMBLE = `
import ctypes, errno, json, mmap, os, signal, socket, stat, subprocess, sys, time
host = json.loads(sys.argv[1])
libc = ctypes.CDLL(None, use_errno=True)
LIFE = 15
signal.alarm(LIFE)

def fork():
    child = os.fork()
    if child == 0:
        signal.alarm(LIFE)
    return child

def reached(*ways):
    for way in ways:
        try:
            if way() is not False:
                print('reached')
                return
        except Exception as error:
            print(repr(error), file=sys.stderr)
    print('refused')

def confined(kind):
    return os.readlink('/proc/self/ns/' + kind) != host['namespaces'][kind]

def call(name, *args):
    if getattr(libc, name)(*args) == -1:
        raise OSError(ctypes.get_errno(), name)

`;
