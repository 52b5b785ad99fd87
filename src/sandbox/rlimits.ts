import type { EffectiveLimits } from '../../protocol/index.js';

/** The limits that the kernel holds each process of a task to, not the tree. Root may raise its own again. */
export interface Rlimits {
  readonly openFiles: number;
  /** A multiple of BLOCK_BYTES. */
  readonly fileSizeBytes: number;
  /** At the soft limit comes SIGXCPU, at the hard one SIGKILL. */
  readonly cpuSeconds: { readonly soft: number; readonly hard: number };
}

/** The unit of `ulimit -f`. */
export const BLOCK_BYTES = 512;

/**
 * File size is rounded up to whole blocks. The CPU limit is a backstop, a second behind the one that is sampled:
 * SIGXCPU first, SIGKILL a second later.
 */
export function rlimitsOf({ openFiles, fileSizeBytes, cpuTimeMs }: EffectiveLimits): Rlimits {
  const soft = Math.ceil(cpuTimeMs / 1_000) + 1;
  return {
    openFiles,
    fileSizeBytes: Math.ceil(fileSizeBytes / BLOCK_BYTES) * BLOCK_BYTES,
    cpuSeconds: { soft, hard: soft + 1 },
  };
}
