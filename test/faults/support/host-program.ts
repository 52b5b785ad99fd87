import { Sidecar } from '../../../clients/node/index.js';
import { type HostOrders, loadTask, type SettledReport } from './load.js';

/**
 * A host in a process of its own, which a test can kill. It keeps tasks under way until its sidecar is gone; then it
 * reports how its promises settled. Its first line tells the pid of the sidecar.
 */
const { executable, config, tasksAtOnce, env } = JSON.parse(process.argv[2]!) as HostOrders;
const sidecar = await Sidecar.spawn({ executable, config, env: { ...process.env, ...env } });
const codes: Record<string, number> = {};
let pending = 0;
let gone = false;

async function work(worker: number): Promise<void> {
  for (let round = worker; !gone; round += 1) {
    pending += 1;
    const { command, args, ...options } = loadTask(round);
    const code = await sidecar.run(command, args, options).then(
      () => 'result',
      (error: { code?: string }) => error.code ?? String(error),
    );
    pending -= 1;
    codes[code] = (codes[code] ?? 0) + 1;
    if (code !== 'result') return;
  }
}

const workers = Array.from({ length: tasksAtOnce }, (_, worker) => work(worker));
process.stdout.write(`${JSON.stringify({ pid: sidecar.pid })}\n`);
await sidecar.closed;
gone = true;
await Promise.race([Promise.all(workers), new Promise((resolve) => setTimeout(resolve, 5_000))]);
const report: SettledReport = { pending, codes };
process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit(0));
