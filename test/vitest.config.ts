import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // What a test waits for comes soon, but not always within vitest's own second on a busy machine.
    expect: { poll: { timeout: 20_000 } },
    // Half the processor time of the suite would go into making sandboxes. Where they matter, tests name them.
    env: { EXEC_SIDECAR_SANDBOX: 'process' },
    maxWorkers: 3,
    restoreMocks: true,
  },
});
