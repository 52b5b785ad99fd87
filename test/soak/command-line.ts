import { parseArgs } from 'node:util';
import type { SoakOptions } from './soak.js';

/** What `npm run soak` was asked for. */
export interface SoakCommand extends Pick<SoakOptions, 'backend' | 'durationMs' | 'seed'> {
  /** Where the whole report goes as JSON, with every sample. */
  readonly json: string | undefined;
}

const BACKENDS = ['auto', 'process', 'bubblewrap'] as const;

export const USAGE = 'npm run soak -- --minutes N [--seed S] [--json FILE] [--backend auto|process|bubblewrap]';

/** @throws TypeError naming the option, its value and what it takes */
export function parseSoakCommand(args: readonly string[]): SoakCommand {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string' },
      seed: { type: 'string', default: '1' },
      json: { type: 'string' },
      backend: { type: 'string', default: 'auto' },
    },
  });
  const backend = BACKENDS.find((name) => name === values.backend);
  if (backend === undefined) throw new TypeError(`--backend takes ${BACKENDS.join(', ')}, got ${values.backend}`);
  if (values.minutes === undefined) throw new TypeError('--minutes has to be given');
  return {
    durationMs: 60_000 * numberOf('minutes', values.minutes, (value) => value > 0, 'a number above 0'),
    seed: numberOf('seed', values.seed, Number.isSafeInteger, 'an integer'),
    backend,
    json: values.json,
  };
}

function numberOf(option: string, text: string, isValid: (value: number) => boolean, form: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!Number.isFinite(value) || !isValid(value)) throw new TypeError(`--${option} takes ${form}, got ${text}`);
  return value;
}
