import { Sidecar, SidecarLostError } from 'exec-sidecar';
import { type Contestant, NotMeasuredError, type RoundOptions, type Sample } from './line.js';

/** Which sandbox a sidecar is to use. */
export type Backend = 'auto' | 'process' | 'bubblewrap';

export interface SidecarContestantOptions {
  /** Default: `OURS`. */
  readonly name?: string;
  /** Default: `auto`, as users have it. */
  readonly backend?: Backend;
}

/** The name of the contestant that the goals are about. */
export const OURS = 'sidecar';

/** A sidecar of this package, as built, driven by its client. */
export function sidecarContestant(
  { name = OURS, backend = 'auto' }: SidecarContestantOptions,
  round: (sidecar: Sidecar, options: RoundOptions) => Promise<Sample>,
): Contestant {
  return {
    name,
    async open() {
      const sidecar = await spawnSidecar(backend);
      return {
        round: (options) => round(sidecar, options),
        [Symbol.asyncDispose]: () => sidecar[Symbol.asyncDispose](),
      };
    },
  };
}

/**
 * Starts a sidecar with this backend, whatever the environment says.
 * @throws NotMeasuredError where bubblewrap is asked for and does not work here
 */
export async function spawnSidecar(backend: Backend): Promise<Sidecar> {
  try {
    return await Sidecar.spawn({ config: { sandbox: backend } });
  } catch (error) {
    if (backend !== 'bubblewrap' || !(error instanceof SidecarLostError)) throw error;
    throw new NotMeasuredError(`a sidecar with bubblewrap does not start here: ${error.message}`);
  }
}

/** A contestant that has nothing to keep between its rounds. */
export function simpleContestant(name: string, round: (options: RoundOptions) => Promise<Sample>): Contestant {
  return { name, open: async () => ({ round, [Symbol.asyncDispose]: async () => undefined }) };
}
