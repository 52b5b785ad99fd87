import { EXIT_CODES } from '../../protocol/wire.js';
import { sweepInstance } from '../sandbox/index.js';
import { parseArguments, UsageError } from './command-line.js';

/** Kills and removes what a sidecar has left that was itself killed. The sidecar's guardian calls this. */
export async function sweep(args: readonly string[]): Promise<number> {
  const { operands } = parseArguments(args);
  const [directory, ...rest] = operands;
  if (directory === undefined || rest.length > 0) throw new UsageError('sweep takes one folder');
  await sweepInstance(directory);
  return EXIT_CODES.clean;
}
