import { describe, expect, it } from 'vitest';
import {
  type OptionKind,
  parseArguments,
  refuseOperands,
  refuseSettings,
  UsageError,
} from '../../src/cli/command-line.js';
import { flagName, settingNames } from '../../src/sidecar/index.js';

const OWN: Readonly<Record<string, OptionKind>> = { env: 'string', cwd: 'string', verbose: 'boolean' };

function parse(...args: string[]) {
  return parseArguments(args, OWN);
}

/** What a command line is refused with. */
function refusal(...args: string[]): string {
  try {
    parse(...args);
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  throw new Error('the command line was not refused');
}

describe('operands', () => {
  it('begin after --, whatever they look like', () => {
    expect(parse('--cwd', 'dir', '--', '--verbose', '--', '-x').operands).toEqual(['--verbose', '--', '-x']);
    expect(parse('--').operands).toEqual([]);
  });

  it('begin at the first word that is no option, and keep the options that follow', () => {
    const { operands, given } = parse('--verbose', 'ls', '-l', '--verbose', '--queue-size=5');
    expect(operands).toEqual(['ls', '-l', '--verbose', '--queue-size=5']);
    expect([...given]).toEqual(['verbose']);
  });

  it('may begin with a lone dash', () => {
    expect(parse('-', 'x').operands).toEqual(['-', 'x']);
  });

  it('may be none', () => {
    expect(parse().operands).toEqual([]);
    expect(parse('--verbose').operands).toEqual([]);
  });

  it('are refused by who takes none, naming the first', () => {
    expect(() => refuseOperands('serve', parse('extra', 'more'))).toThrow('serve takes no arguments, got "extra"');
    refuseOperands('serve', parse('--verbose'));
  });

  it('refuses settings for a subcommand that takes none', () => {
    expect(() => refuseSettings('demo', parse('--queue-size', '5'))).toThrow(
      'demo takes no settings, got --queue-size',
    );
    expect(() => refuseSettings('demo', parse('--config', 'file'))).toThrow('demo takes no settings, got --config');
    refuseSettings('demo', parse('--verbose'));
  });
});

describe('the options of a subcommand', () => {
  it('take their value as the next word or after =, and may be repeated', () => {
    expect(parse('--env', 'A=1', '--env=B=2', '--env', 'C=').values.env).toEqual(['A=1', 'B=2', 'C=']);
  });

  it('take no value where they are boolean', () => {
    const { given, operands } = parse('--verbose', 'true');
    expect([...given]).toEqual(['verbose']);
    expect(operands).toEqual(['true']);
  });

  it('may have a value that is the name of a setting', () => {
    const { values, settings } = parse('--cwd', 'network', '--env', 'enable-monitoring');
    expect(values).toEqual({ cwd: ['network'], env: ['enable-monitoring'] });
    expect(settings.flags).toEqual({});
  });
});

describe('the flags of settings', () => {
  it.each(settingNames)('%s is one of them', (name) => {
    const { settings } = parse(flagName(name), 'true', '--', 'ls');
    expect(settings.flags).toEqual({ [name]: 'true' });
  });

  it('take their value in both forms, and the last one counts', () => {
    const { settings, operands } = parse('--queue-size=1', '--queue-size', '2', 'ls');
    expect(settings.flags).toEqual({ queueSize: '2' });
    expect(operands).toEqual(['ls']);
  });

  it('go with the name of the settings file', () => {
    expect(parse('--config', 'a.json', '--queue-size', '5').settings).toEqual({
      file: 'a.json',
      flags: { queueSize: '5' },
    });
    expect(parse().settings.file).toBeUndefined();
  });

  it.each([
    [['--network'], 'true', []],
    [['--network', 'false'], 'false', []],
    [['--network=false'], 'false', []],
    [['--network', 'true', 'ls'], 'true', ['ls']],
    [['--network', 'ls'], 'true', ['ls']],
    [['--network', '--', 'false'], 'true', ['false']],
    [['--network', '--verbose', 'false'], 'true', ['false']],
  ])('that are boolean stand alone or with a value: %j', (args, value, operands) => {
    const parsed = parse(...args);
    expect(parsed.settings.flags).toEqual({ network: value });
    expect(parsed.operands).toEqual(operands);
  });
});

describe('a command line that cannot be understood', () => {
  it.each([
    [['--nonsense', 'x'], '--nonsense'],
    [['--nonsense=5'], '--nonsense'],
    [['-x', 'ls'], '-x'],
    [['--verbose=5'], '--verbose'],
    [['--queue-size'], '--queue-size'],
    [['--cwd', '--', 'ls'], '--cwd'],
    [['--env', '--verbose', 'ls'], '--env'],
    [['--queueSize', '5'], '--queueSize'],
  ])('is refused with the word that is wrong: %j', (args, word) => {
    expect(refusal(...args)).toContain(word);
  });

  it('is refused in one line', () => {
    expect(refusal('--nonsense')).not.toContain('\n');
    expect(refusal('--env', '--verbose')).not.toContain('\n');
  });
});
