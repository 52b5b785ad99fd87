import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../tracking/index.js';
import { sweepCgroups } from './cgroup/index.js';
import { checkInstanceDirectory, instancePaths, listInstances } from './instance-directory.js';
import { killTree } from './kill-tree.js';
import { readLedger } from './ledger.js';
import { type OwnerState, stateOfOwner } from './owner.js';
import { ProcessTree } from './process-tree.js';
import { removeInstance } from './remove-instance.js';

export interface SweepReport {
  readonly directory: string;
  /** Only what belonged to a dead owner is touched. */
  readonly owner: OwnerState;
  /** Processes that would not die. */
  readonly leaked: number;
  /** Whether the directory is gone: not where the owner may live, nor while a process of it does. */
  readonly removed: boolean;
}

/** An owner that has let go of its guardian's pipe is ending: this long it is waited for. */
const OWNER_EXIT_MS = 5_000;
const OWNER_POLL_MS = 50;

/**
 * Clears up after an instance whose sidecar is dead: kills the commands on its ledger that are still the same
 * processes (pid and start time), everything that descends from them or bears the markers of the instance, and
 * removes its cgroups and its directory. An owner that lives is waited for, up to five seconds, and then left alone.
 * @throws SandboxError kind `validation` where the directory is not that of an instance of this user
 */
export async function sweepInstance(directory: string): Promise<SweepReport> {
  await checkInstanceDirectory(directory);
  const deadline = performance.now() + OWNER_EXIT_MS;
  for (;;) {
    const state = await instanceState(directory);
    if (state !== 'alive' || performance.now() >= deadline) return sweepInState(directory, state);
    await sleep(OWNER_POLL_MS);
  }
}

/** Clears up after every dead instance below a directory but one. What fails is logged and left to the next start. */
export async function sweepOtherInstances(directory: string, own: string, logger: Logger): Promise<void> {
  for (const instance of await listInstances(directory)) {
    if (instance === own) continue;
    try {
      await checkInstanceDirectory(instance);
      const report = await sweepInState(instance, await instanceState(instance));
      if (report.removed) logger.info({ ...report }, 'cleared up after a sidecar that died');
    } catch (error) {
      // An instance that ends or is swept by another start at this moment takes its directory along.
      if (existsSync(instance))
        logger.warn({ err: error, directory: instance }, 'could not clear up after a sidecar that died');
    }
  }
}

async function sweepInState(directory: string, owner: OwnerState): Promise<SweepReport> {
  if (owner === 'alive' || owner === 'unknown') return { directory, owner, leaked: 0, removed: false };
  // The pids on the ledger of an earlier boot are those of other processes by now.
  const leaked = owner === 'dead' ? await killInstance(directory) : 0;
  const { left } = await sweepCgroups(readLedger(instancePaths(directory).ledger).cgroups);
  if (leaked === 0 && left.length === 0) await removeInstance(directory);
  return { directory, owner, leaked, removed: leaked === 0 && left.length === 0 };
}

async function killInstance(directory: string): Promise<number> {
  const instanceId = basename(directory);
  const { running } = readLedger(instancePaths(directory).ledger);
  const roots = running.filter(({ startTime }) => startTime !== null);
  return killTree(
    new ProcessTree({ roots, groups: [], since: 0, isMarked: (markers) => markers.instanceId === instanceId }),
  );
}

function instanceState(directory: string): Promise<OwnerState> {
  return stateOfOwner(instancePaths(directory).owner);
}
