import { parseArgs } from 'node:util';
import { flagName, type SettingName, type SettingsSources, settingNames, settingOfFlag } from '../sidecar/index.js';

/** A command line that cannot be understood. The message names the word that is wrong. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'usage';
}

/** An option of a subcommand beside the settings: `string` options take a value and may be repeated. */
export type OptionKind = 'string' | 'boolean';

export interface ParsedArguments {
  readonly settings: Pick<SettingsSources, 'file' | 'flags'>;
  /** Values of the subcommand's own string options, in order. */
  readonly values: Readonly<Record<string, readonly string[]>>;
  /** The subcommand's own boolean options that were given. */
  readonly given: ReadonlySet<string>;
  /** What stands after the options, or after `--`. */
  readonly operands: readonly string[];
}

/**
 * Parses the arguments of a subcommand: its own options and a flag for every setting. Operands begin at the first word
 * that is no option, or after `--`, so that a command's own options are left alone.
 * @throws UsageError naming the option
 */
export function parseArguments(
  args: readonly string[],
  own: Readonly<Record<string, OptionKind>> = {},
): ParsedArguments {
  // As clients start it. The parser of Node is loaded for those who need it.
  if (args.length === 0)
    return { settings: { file: undefined, flags: {} }, values: {}, given: new Set(), operands: [] };
  const { optionWords, operands } = splitOperands(args, own);
  const tokens = parse(optionWords, own);
  const flags: Partial<Record<SettingName, string>> = {};
  const values: Record<string, string[]> = {};
  const given = new Set<string>();
  let file: string | undefined;
  for (const [name, value] of tokens) {
    const setting = settingOfFlag(name);
    if (own[name] === 'boolean') given.add(name);
    else if (own[name] === 'string') values[name] = [...(values[name] ?? []), value ?? ''];
    else if (name === 'config') file = value;
    else if (setting !== undefined) flags[setting] = value ?? 'true';
  }
  return { settings: { file, flags }, values, given, operands };
}

/** @throws UsageError where a subcommand that takes no operands was given one */
export function refuseOperands(subcommand: string, { operands }: ParsedArguments): void {
  if (operands.length > 0) throw new UsageError(`${subcommand} takes no arguments, got ${JSON.stringify(operands[0])}`);
}

/** @throws UsageError where a subcommand that settles everything itself was given a setting */
export function refuseSettings(subcommand: string, { settings: { file, flags = {} } }: ParsedArguments): void {
  const [flag] = Object.keys(flags).map((name) => flagName(name as SettingName));
  const given = file === undefined ? flag : '--config';
  if (given !== undefined) throw new UsageError(`${subcommand} takes no settings, got ${given}`);
}

/** Finds where the operands begin, which needs to know the options that take a value. */
function splitOperands(
  args: readonly string[],
  own: Readonly<Record<string, OptionKind>>,
): { optionWords: string[]; operands: string[] } {
  let at = 0;
  while (at < args.length) {
    const word = args[at]!;
    if (word === '--') return { optionWords: args.slice(0, at), operands: args.slice(at + 1) };
    if (!word.startsWith('-') || word === '-') break;
    at += 1;
    if (!word.includes('=') && takesValue(word.replace(/^--/, ''), own, args[at])) at += 1;
  }
  return { optionWords: args.slice(0, at), operands: args.slice(at) };
}

/** Boolean settings may stand alone (`--network`) or with a value (`--network false`). */
function takesValue(name: string, own: Readonly<Record<string, OptionKind>>, next: string | undefined): boolean {
  if (own[name] === 'boolean') return false;
  if (isBooleanSetting(name)) return next === 'true' || next === 'false';
  return true;
}

function isBooleanSetting(name: string): boolean {
  return name === 'network' || name === 'enable-monitoring';
}

function parse(words: readonly string[], own: Readonly<Record<string, OptionKind>>): [string, string | undefined][] {
  const normalised = words.flatMap((word, index) => {
    const alone = words[index + 1] !== 'true' && words[index + 1] !== 'false';
    return alone && word.startsWith('--') && isBooleanSetting(word.slice(2)) ? [`${word}=true`] : [word];
  });
  const options: Record<string, { type: OptionKind; multiple?: boolean }> = { config: { type: 'string' } };
  for (const name of settingNames) options[flagName(name).slice(2)] = { type: 'string', multiple: true };
  for (const [name, type] of Object.entries(own)) options[name] = { type, multiple: true };
  try {
    const { tokens } = parseArgs({ args: normalised, options, strict: true, tokens: true, allowPositionals: false });
    return tokens.flatMap((token) =>
      token.kind === 'option' ? [[token.name, token.value] as [string, string | undefined]] : [],
    );
  } catch (error) {
    throw new UsageError(inOneSentence((error as Error).message), { cause: error });
  }
}

/** What parseArgs says, without its advice; but that is all that there is where a value looks like an option. */
function inOneSentence(message: string): string {
  const [, flag] = /^Option '(\S+)' argument is ambiguous/.exec(message) ?? [];
  if (flag !== undefined) return `${flag} takes a value; one that begins with a dash is written ${flag}=VALUE`;
  return message.split(/\.\s/)[0]!.replace(/\.$/, '');
}
