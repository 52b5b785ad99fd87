import { describe, expect, it } from 'vitest';
import { Sidecar } from '../../clients/node/index.js';
import { withoutBubblewrap } from '../sandbox/bubblewrap/support.js';
import { useTemporaryFolder } from '../support/temporary-folder.js';
import { withoutProgram } from '../support/without-program.js';
import { Traces } from './support/traces.js';

const folder = useTemporaryFolder();

describe.skipIf(withoutBubblewrap).each(['process', 'bubblewrap'])(
  'where there is no perl, the backend %s',
  (sandbox) => {
    it('runs tasks all the same, within their limits, and leaves nothing', async () => {
      await using traces = await Traces.create();
      await using sidecar = await Sidecar.spawn({
        executable: withoutProgram('perl', folder()),
        env: { ...process.env, ...traces.environment },
        config: { sandbox },
      });
      const shell = (script: string, more = {}) => sidecar.run('sh', ['-c', script], more);
      expect(await shell('exit 137')).toMatchObject({ status: 'failure', exitCode: 137, signal: null });
      expect(await shell('kill -KILL $$')).toMatchObject({ status: 'failure', exitCode: null, signal: 'SIGKILL' });
      expect((await shell('cat; echo to > /dev/stderr', { stdin: 'given' })).stdout).toBe('given');
      expect((await shell('ulimit -n', { limits: { openFiles: 55 } })).stdout).toBe('55\n');
      const endless = await shell('sleep 600 & sleep 600', { limits: { timeoutMs: 300 } });
      expect(endless.status).toBe('timeout');
      await sidecar.close();
    });
  },
);
