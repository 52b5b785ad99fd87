import { describe, expect, it } from 'vitest';
import { parseSoakCommand } from './command-line.js';

describe('the command line of a soak', () => {
  it('tells how long, and has a default for the rest', () => {
    expect(parseSoakCommand(['--minutes', '0.5'])).toEqual({
      durationMs: 30_000,
      seed: 1,
      backend: 'auto',
      json: undefined,
    });
  });

  it('takes a seed, a backend and a file', () => {
    const args = ['--minutes', '10', '--seed=-7', '--backend', 'process', '--json', 'report.json'];
    expect(parseSoakCommand(args)).toEqual({
      durationMs: 600_000,
      seed: -7,
      backend: 'process',
      json: 'report.json',
    });
  });

  it.each([
    [[], '--minutes has to be given'],
    [['--minutes', '0'], '--minutes takes a number above 0, got 0'],
    [['--minutes', 'ten'], '--minutes takes a number above 0, got ten'],
    [['--minutes', ''], '--minutes takes a number above 0, got '],
    [['--minutes', '1', '--seed', '1.5'], '--seed takes an integer, got 1.5'],
    [['--minutes', '1', '--backend', 'docker'], '--backend takes auto, process, bubblewrap, got docker'],
    [['--minuets', '1'], "Unknown option '--minuets'"],
    [['10'], "Unexpected argument '10'"],
  ])('refuses %j and says why', (args, message) => {
    expect(() => parseSoakCommand(args)).toThrow(message);
  });
});
