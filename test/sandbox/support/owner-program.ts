import { SandboxManager } from '../../../src/sandbox/index.js';
import { commandSpec, LIMITS } from './sandbox.js';

/**
 * A sidecar in miniature, for tests that kill it: runs a script in a sandbox and prints a line of JSON about itself.
 * Arguments: workspace root, script, `guarded` or `unguarded`, sweep command…
 */
const [workspaceRoot = '', source = '', guarded, ...sweepCommand] = process.argv.slice(2);
const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const manager = await SandboxManager.create({
  backend: 'process',
  workspaceRoot,
  network: true,
  allowedCwd: [],
  logger: quiet,
  ...(guarded === 'guarded' && { sweepCommand }),
});
const container = await manager.createContainer({ executionId: 'task', limits: LIMITS, files: [] });
const task = await container.execute(commandSpec('sh', ['-c', source]));
let output = '';
for await (const chunk of task.stdout) {
  output += chunk;
  if (output.includes('ready\n')) break;
}
process.once('SIGTERM', async () => {
  await manager.close();
  process.exit(0);
});
// Whoever reads this may end it at once.
console.log(JSON.stringify({ pid: process.pid, task: task.pid, workspace: container.workspace, output }));
setInterval(() => {}, 60_000);
