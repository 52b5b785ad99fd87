import { spawn } from 'node:child_process';
import { encodeFrame, PROTOCOL_VERSION } from '../../../protocol/index.js';
import type { HostOrders } from './load.js';

/** A host in a process of its own that ignores its window: it writes tasks of 100 kB each, and reads all that comes. */
const { executable, config, tasksAtOnce, env } = JSON.parse(process.argv[2]!) as HostOrders;
const sidecar = spawn(process.execPath, [executable, 'serve'], {
  env: { ...process.env, ...env },
  stdio: ['pipe', 'pipe', 'inherit'],
});
sidecar.stdout.resume();
sidecar.stdin.write(encodeFrame({ type: 'init', id: 0, body: { protocol: PROTOCOL_VERSION, config } }));
for (let id = 1; id <= tasksAtOnce; id += 1) {
  const body = { command: 'sleep', args: ['60'], stdin: new Uint8Array(100_000) };
  sidecar.stdin.write(encodeFrame({ type: 'submit', id, body }));
}
process.stdout.write(`${JSON.stringify({ pid: sidecar.pid })}\n`);
