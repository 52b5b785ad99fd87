import { Sidecar, type SpawnOptions } from 'exec-sidecar';
import type { Contestant, RoundOptions, Sample } from './line.js';

type SidecarRound = (sidecar: Sidecar, options: RoundOptions) => Promise<Sample>;

/** The name of the contestant that the goals are about. */
export const OURS = 'sidecar';

/** A sidecar of this package, driven by its client. */
export function sidecarContestant(
  { name = OURS, config, ...options }: SpawnOptions & { readonly name?: string },
  round: SidecarRound,
): Contestant {
  return {
    name,
    async open() {
      // What the environment of the bench says about the sandbox is not meant for what is measured.
      const sidecar = await Sidecar.spawn({ ...options, config: { sandbox: 'auto', ...config } });
      return { round: (roundOptions) => round(sidecar, roundOptions), [Symbol.asyncDispose]: () => closed(sidecar) };
    },
  };
}

async function closed(sidecar: Sidecar): Promise<void> {
  await sidecar.close({ mode: 'now' });
}

/** A contestant that has nothing to keep between its rounds. */
export function simpleContestant(name: string, round: (options: RoundOptions) => Promise<Sample>): Contestant {
  return { name, open: async () => ({ round, [Symbol.asyncDispose]: async () => undefined }) };
}
