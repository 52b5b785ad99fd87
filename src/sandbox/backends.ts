import type { BackendAvailability } from '../../protocol/index.js';
import type { Logger } from '../tracking/index.js';
import type { BackendName, SandboxBackend } from './backend.js';
import { BubblewrapBackend } from './bubblewrap/index.js';
import type { CgroupManager } from './cgroup/index.js';
import { SandboxError } from './errors.js';
import type { SandboxInstance } from './instance.js';
import { ProcessBackend } from './process-backend.js';
import type { Starting } from './starting.js';
import type { SandboxTools } from './tools.js';

/** What every backend works with. */
export interface BackendContext {
  readonly instance: SandboxInstance;
  readonly tools: SandboxTools;
  readonly starting: Starting;
  readonly cgroups: CgroupManager;
  readonly allowedCwd: readonly string[];
  /** Whether tasks may use the network, where a backend can keep them from it. */
  readonly network: boolean;
  /** Whether a monitor samples the tasks. */
  readonly enableMonitoring: boolean;
  /** Further paths that a sandbox shows, read-only. */
  readonly readOnlyPaths: readonly string[];
  /** The user that tasks run as where the sidecar runs as root. */
  readonly sandboxUid: number;
  /** How many places for tasks a backend may make beforehand. */
  readonly poolSize: number;
  readonly logger: Logger;
}

/** All backends that there are, weakest first. */
export function createBackends(context: BackendContext): SandboxBackend[] {
  return [new ProcessBackend(context), new BubblewrapBackend(context)];
}

/**
 * Tries which backends work here. To try one is to make a sandbox, so where another is named that works, it is not done
 * unless `tryAll` asks for it.
 */
export async function tryBackends(
  backends: readonly SandboxBackend[],
  { backend: wanted, tryAll = false }: { readonly backend: 'auto' | BackendName; readonly tryAll?: boolean },
): Promise<BackendAvailability[]> {
  const named = backends.find(({ name }) => name === wanted);
  const found = await named?.probe();
  const enough = found?.ok === true && !tryAll;
  return Promise.all(
    backends.map(async (backend) => {
      if (backend === named && found !== undefined) return found;
      return enough ? untried(backend, wanted) : backend.probe();
    }),
  );
}

function untried({ name }: SandboxBackend, wanted: string): BackendAvailability {
  return { backend: name, ok: false, reason: `it was not tried: the setting sandbox is ${wanted}` };
}

/**
 * Picks the backend that was asked for, or for `auto` the strongest that works.
 * @throws SandboxError kind `sandbox`, naming the backend, why it does not work, and those that do
 */
export function chooseBackend(
  wanted: 'auto' | BackendName,
  backends: readonly SandboxBackend[],
  available: readonly BackendAvailability[],
): SandboxBackend {
  const working = backends.filter((_, index) => available[index]?.ok === true);
  const chosen = wanted === 'auto' ? working.at(-1) : working.find(({ name }) => name === wanted);
  if (chosen !== undefined) return chosen;
  const reasons = available
    .filter(({ backend, ok }) => !ok && (wanted === 'auto' || backend === wanted))
    .map(({ backend, reason }) => `${backend}: ${reason ?? 'unknown reason'}`);
  const others = working.map(({ name }) => name).join(', ') || 'none';
  throw new SandboxError(
    'sandbox',
    'backend_unavailable',
    `the sandbox backend '${wanted}' is not available (${reasons.join('; ')}); available here: ${others}`,
    { backend: wanted, available },
  );
}
