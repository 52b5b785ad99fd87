import { describe, expect, it } from 'vitest';
import { Sidecar } from '../../clients/node/index.js';
import { EXECUTABLE } from '../end-to-end/support/executable.js';
import { Traces } from '../end-to-end/support/traces.js';
import { temporaryDirectory } from '../sandbox/support/directories.js';
import { withoutProgram } from '../support/without-program.js';

const NOWHERE = '/nowhere/at/all';

describe('a sidecar is not started, and says why, where its configuration has', () => {
  it.each([
    ['a backend that there is not', { sandbox: 'hostile' }, /sandbox.*hostile/s],
    ['a ceiling for an unknown limit', { limitCeilings: { memoryByte: 1 } }, /limitCeilings.*memoryByte/s],
    ['a default below its bound', { defaultTimeoutMs: 0 }, /defaultTimeoutMs.*0/s],
    ['a user of tasks who is root', { sandboxUid: 0 }, /sandboxUid.*0/s],
    ['a path that is not absolute', { readOnlyPaths: ['usr'] }, /readOnlyPaths.*absolute/s],
    ['a workspace root that is not there', { workspaceRoot: NOWHERE }, /workspaceRoot.*\/nowhere/s],
  ])('%s', async (_what, config, says) => {
    await expectRefused(EXECUTABLE, config, says);
  });

  it('a backend that is not installed', async () => {
    await using directory = await temporaryDirectory();
    const config = { sandbox: 'bubblewrap' };
    await expectRefused(
      withoutProgram('bwrap', directory.path),
      config,
      /bubblewrap.*not installed.*available here: process/s,
    );
  });
});

async function expectRefused(executable: string, config: object, says: RegExp): Promise<void> {
  await using traces = await Traces.create();
  const starting = Sidecar.spawn({ executable, config: { ...config }, env: { ...process.env, ...traces.environment } });
  await expect(starting).rejects.toMatchObject({
    code: 'protocol_error',
    protocolCode: 'invalid_config',
    exitCode: 78,
    message: expect.stringMatching(says),
  });
  expect(await traces.folders()).toEqual([]);
}
