import { afterAll, beforeAll } from 'vitest';
import { buildFakeSidecar, type FakeProgram, type FakeSidecar, type Step } from './index.js';

/** The fake sidecar for the tests of one file. What it gives is what `Sidecar.spawn` starts to have steps played. */
export function useFakeSidecar(): (...steps: readonly Step[]) => FakeProgram {
  let fake: FakeSidecar;
  beforeAll(async () => {
    fake = await buildFakeSidecar();
  });
  afterAll(() => fake[Symbol.asyncDispose]());
  return (...steps) => fake.script(...steps);
}
