import type { EnforcementMechanism, EnforcementTable } from '../../protocol/index.js';
import { softLimits } from '../executor/index.js';
import {
  adviseBubblewrap,
  adviseCgroups,
  type CgroupFeatureSupport,
  type CgroupSupport,
  type Machine,
  type SandboxManager,
  thisMachine,
} from '../sandbox/index.js';

/** What was found out about a machine with certain settings. */
export interface Findings extends Pick<SandboxManager, 'available' | 'enforcement' | 'cgroupSupport'> {
  readonly backend: string;
  readonly enableMonitoring: boolean;
}

/** A limit that the kernel could hold, and here does not. */
export interface MissingEnforcement {
  readonly limit: keyof EnforcementTable;
  readonly enforcedBy: EnforcementMechanism;
  /** Names the file and the error, or the backend. */
  readonly reason: string;
}

export interface Diagnosis {
  /** The limits that keep `require: "kernel"` from being met. */
  readonly sampled: readonly string[];
  /** Those, and the limits that a task can ask for and that nobody holds. Empty where all is enforced. */
  readonly missing: readonly MissingEnforcement[];
  /** The steps to what is missing. Empty where nothing is. */
  readonly advice: readonly string[];
}

/** Says what is missing for full enforcement, why, and what to do about it. */
export function diagnose(findings: Findings, machine: Machine = thisMachine()): Diagnosis {
  const { enforcement } = findings;
  const limits = Object.keys(enforcement) as (keyof EnforcementTable)[];
  const missing = softLimits(enforcement, limits).map((limit) => {
    return { limit, enforcedBy: enforcement[limit], reason: reasonFor(limit, findings) };
  });
  return { sampled: softLimits(enforcement), missing, advice: advise(findings, machine) };
}

/** What of the cgroups each limit needs. */
const FEATURES: { readonly [Limit in keyof EnforcementTable]?: keyof CgroupSupport } = {
  cpuTimeMs: 'cpuTime',
  memoryBytes: 'memory',
  processes: 'pids',
  cpuPercent: 'cpu',
};

function reasonFor(limit: keyof EnforcementTable, { backend, cgroupSupport }: Findings): string {
  const feature = FEATURES[limit];
  const found: CgroupFeatureSupport | null = feature === undefined ? null : cgroupSupport[feature];
  if (found !== null && !found.available) return found.reason;
  return `the sandbox ${backend} gives a task no file system of its own`;
}

function advise({ backend, available, enforcement, cgroupSupport, enableMonitoring }: Findings, machine: Machine) {
  const bubblewrap = available.find((candidate) => candidate.backend === 'bubblewrap');
  const isPassedOver = bubblewrap?.ok === true && backend !== 'bubblewrap';
  const isUnwatched = !enableMonitoring && Object.values(enforcement).includes('unavailable');
  return [
    ...(bubblewrap === undefined ? [] : adviseBubblewrap(bubblewrap, machine)),
    ...(isPassedOver ? ['workspaceBytes: bubblewrap works here: set sandbox to auto or bubblewrap.'] : []),
    ...adviseCgroups(cgroupSupport, machine),
    ...(isUnwatched ? ['what the kernel does not hold is not watched either: set enableMonitoring to true.'] : []),
  ];
}
