import { beforeAll, vi } from 'vitest';

/**
 * Has the sidecars of a test file take the strongest sandbox that works, as those of users do. Tests that are not about
 * the sandbox name the cheapest.
 */
export function useStrongestSandbox(): void {
  beforeAll(() => void vi.stubEnv('EXEC_SIDECAR_SANDBOX', 'auto'));
}
