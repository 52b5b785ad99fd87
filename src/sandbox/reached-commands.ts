import { posix } from 'node:path';

export interface CommandLine {
  readonly command: string;
  readonly args: readonly string[];
}

/** How a wrapper's own arguments end and the command that it starts begins. */
interface Wrapper {
  /** Options that take the next argument as their value. */
  readonly valued?: readonly string[];
  /** Operands before the command. */
  readonly operands?: number;
}

const WRAPPERS: ReadonlyMap<string, Wrapper> = new Map(
  Object.entries({
    busybox: {},
    command: {},
    doas: { valued: ['-u', '-C'] },
    env: { valued: ['-u', '--unset', '-C', '--chdir'] },
    exec: { valued: ['-a'] },
    ionice: { valued: ['-c', '-n', '--class', '--classdata'] },
    nice: { valued: ['-n', '--adjustment'] },
    nohup: {},
    setsid: {},
    stdbuf: { valued: ['-i', '-o', '-e', '--input', '--output', '--error'] },
    sudo: { valued: ['-u', '-g', '-h', '-p', '-C', '-D', '-R', '-T', '-r', '-t', '-U'] },
    time: { valued: ['-f', '-o'] },
    timeout: { valued: ['-k', '-s', '--kill-after', '--signal'], operands: 1 },
    toybox: {},
  }),
);

const SHELLS = new Set(['sh', 'ash', 'bash', 'dash', 'ksh', 'mksh', 'zsh']);

/** As deep as wrappers are looked through. */
const MAX_DEPTH = 8;

/**
 * A command line, and those that it obviously starts: through wrappers such as `env`, `sudo` and `timeout`, and the
 * simple commands of a script that a shell is given with `-c`. What a script computes is not seen.
 */
export function reachedCommands(command: string, args: readonly string[], depth = 0): CommandLine[] {
  const reached: CommandLine[] = [{ command, args }];
  if (depth >= MAX_DEPTH) return reached;
  const name = posix.basename(command);
  const inner = SHELLS.has(name) ? scriptCommands(args) : wrappedCommand(WRAPPERS.get(name), args);
  for (const line of inner) reached.push(...reachedCommands(line.command, line.args, depth + 1));
  return reached;
}

function wrappedCommand(wrapper: Wrapper | undefined, args: readonly string[]): CommandLine[] {
  if (wrapper === undefined) return [];
  let operands = wrapper.operands ?? 0;
  for (let index = 0; index < args.length; index++) {
    const argument = args[index]!;
    if (wrapper.valued?.includes(argument)) index += 1;
    else if (argument.startsWith('-') || isAssignment(argument)) continue;
    else if (operands > 0) operands -= 1;
    else return [{ command: argument, args: args.slice(index + 1) }];
  }
  return [];
}

function scriptCommands(args: readonly string[]): CommandLine[] {
  const option = args.findIndex((argument) => /^-[a-zA-Z]*c[a-zA-Z]*$/.test(argument));
  const script = option === -1 ? undefined : args.slice(option + 1).find((argument) => !argument.startsWith('-'));
  return script === undefined ? [] : script.split(/&&|\|\||[;&|\n(){}]/).flatMap(simpleCommand);
}

/** Words that come before a command without being one. */
const KEYWORDS = new Set(['!', 'if', 'then', 'else', 'elif', 'do', 'while', 'until']);

function simpleCommand(text: string): CommandLine[] {
  const words = text.trim().split(/\s+/).map(unquoted);
  const start = words.findIndex((word) => !isAssignment(word) && !KEYWORDS.has(word));
  const command = words[start];
  return command ? [{ command, args: words.slice(start + 1) }] : [];
}

function isAssignment(word: string): boolean {
  return /^[A-Za-z_]\w*=/.test(word);
}

function unquoted(word: string): string {
  return word.replaceAll(/["'\\]/g, '');
}
