import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BuiltProgram, bundle } from '../support/bundle.js';
import { without } from '../support/requirements.js';

let program: BuiltProgram;
beforeAll(async () => {
  program = await bundle(new URL('support/descriptors-program.ts', import.meta.url));
});
afterAll(() => program[Symbol.asyncDispose]());

describe.skipIf(process.platform !== 'linux' || without('bash'))('the descriptors that a process has inherited', () => {
  it('are closed, and none that it has opened itself', () => {
    const inherit = 'exec 200</dev/null 201</dev/null; exec "$@"';
    const output = execFileSync('bash', ['-c', inherit, 'bash', process.execPath, program.path], { encoding: 'utf8' });
    const closed = JSON.parse(output) as number[];
    expect(closed).toEqual(expect.arrayContaining([200, 201]));
    expect(closed.filter((descriptor) => descriptor <= 2)).toEqual([]);
  });
});
