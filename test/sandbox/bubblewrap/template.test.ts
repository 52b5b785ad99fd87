import { chmodSync, renameSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { countOpenFiles } from '../../../src/sandbox/descriptor-room.js';
import { isForkServerKnown } from '../../../src/sandbox/fork-server/index.js';
import { findTools } from '../../../src/sandbox/tools.js';
import { without } from '../../support/requirements.js';
import { useTemporaryFolder } from '../../support/temporary-folder.js';
import { script, TestSandbox } from '../support/sandbox.js';
import { UNTIL_LOOKED_AT_MS, withoutBubblewrap } from './support.js';

const folder = useTemporaryFolder();

/** Sandboxes are made by another user where this is root. */
beforeEach(() => chmodSync(folder(), 0o755));

describe.skipIf(withoutBubblewrap || without('perl') || !isForkServerKnown)('the template of sandboxes', () => {
  it('shows what has taken the place of a file, and costs no descriptor more for it', async () => {
    const path = join(folder(), 'shown');
    writeFileSync(path, 'old', { mode: 0o644 });
    await using sandbox = await TestSandbox.open({ backend: 'bubblewrap', readOnlyPaths: [path] });
    const shown = async () => (await sandbox.run(script(`cat '${path}'`))).stdout;
    expect(await shown()).toBe('old');
    const open = countOpenFiles();
    for (const content of ['new', 'newer']) {
      writeFileSync(`${path}.next`, content, { mode: 0o644 });
      renameSync(`${path}.next`, path);
      await sleep(UNTIL_LOOKED_AT_MS);
      expect(await shown()).toBe(content);
    }
    expect(countOpenFiles()).toBeLessThanOrEqual(open! + DESCRIPTORS_OF_TASKS);
  });

  it('shows what the host changes in a directory, at once', async () => {
    await using sandbox = await TestSandbox.open({ backend: 'bubblewrap', readOnlyPaths: [folder()] });
    const listed = async () => (await sandbox.run(script(`ls '${folder()}'`))).stdout;
    expect(await listed()).not.toContain('later');
    symlinkSync('anywhere', join(folder(), 'later'));
    expect(await listed()).toContain('later');
    unlinkSync(join(folder(), 'later'));
  });

  it('is made again for the next sandbox where bubblewrap could not make it', async () => {
    const refusal = join(folder(), 'refuse');
    const tools = { ...findTools(), bwrap: wrapper(`[ -e '${refusal}' ]`) };
    await using sandbox = await TestSandbox.open({
      backend: 'bubblewrap',
      readOnlyPaths: [join(folder(), 'absent')],
      tools,
    });
    writeFileSync(join(folder(), 'absent'), '');
    writeFileSync(refusal, '');
    await sleep(UNTIL_LOOKED_AT_MS);
    await expect(sandbox.run(script('true'))).rejects.toMatchObject({
      kind: 'sandbox',
      message: expect.stringContaining('no template today'),
    });
    unlinkSync(refusal);
    expect((await sandbox.run(script('echo fine'))).stdout).toBe('fine\n');
  });

  it('is done without where it cannot be made: then bubblewrap makes each sandbox', async () => {
    const tools = { ...findTools(), bwrap: wrapper('true') };
    await using sandbox = await TestSandbox.open({ backend: 'bubblewrap', tools });
    expect(sandbox.logger.lines.map(({ message }) => message)).toContainEqual(
      expect.stringContaining('bubblewrap is to make each of them'),
    );
    expect(await sandbox.run(script('echo fine; kill -TERM $$'))).toMatchObject({
      stdout: 'fine\n',
      exit: { exitCode: null, signal: 'SIGTERM' },
    });
  });
});

/** What tasks that have just ended may still hold. */
const DESCRIPTORS_OF_TASKS = 24;

/** A bubblewrap that refuses to make templates under a condition, which the shell can tell. */
function wrapper(condition: string): string {
  const path = join(folder(), 'bwrap');
  const refuse = `case "$*" in *'read wait') if ${condition}; then echo 'no template today' >&2; exit 1; fi;; esac`;
  writeFileSync(path, `#!/bin/sh\n${refuse}\nexec '${findTools().bwrap}' "$@"\n`, { mode: 0o755 });
  return path;
}
