import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toTaggedJson } from '../../../protocol/index.js';
import { bundle } from '../bundle.js';
import type { Step } from './steps.js';

export { helloBody, readyBody, resultBody } from './bodies.js';
export type { Step } from './steps.js';

/** A sidecar for the tests of clients: a real process that speaks frames with the real codec, and does as it is told. */
export interface FakeSidecar {
  /** What `Sidecar.spawn` starts to have these steps played. */
  script(...steps: readonly Step[]): FakeProgram;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A program that plays one script. */
export interface FakeProgram {
  readonly executable: string;
  readonly args: readonly string[];
}

/** Builds the fake sidecar from its sources. */
export async function buildFakeSidecar(): Promise<FakeSidecar> {
  const program = await bundle(new URL('main.ts', import.meta.url));
  let scripts = 0;
  return {
    script: (...steps) => {
      scripts += 1;
      const path = join(program.directory, `script-${scripts}.json`);
      writeFileSync(path, JSON.stringify(toTaggedJson(steps)));
      return { executable: program.path, args: [path] };
    },
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}
