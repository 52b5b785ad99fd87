import { Sidecar, type SpawnOptions } from '../../../clients/node/index.js';
import { EXECUTABLE } from './executable.js';
import { Traces } from './traces.js';

/** Gives a sidecar, driven by the client, to a test, ends it, and asserts that nothing of it is left. */
export async function withSidecar(
  options: SpawnOptions,
  act: (sidecar: Sidecar, traces: Traces) => Promise<void>,
): Promise<void> {
  await using traces = await Traces.create();
  await using sidecar = await Sidecar.spawn({
    executable: EXECUTABLE,
    ...options,
    env: { ...process.env, ...traces.environment, ...options.env },
  });
  await act(sidecar, traces);
}
