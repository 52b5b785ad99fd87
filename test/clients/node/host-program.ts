/** A program that uses the client, for tests of what the client does to the life of its host. */
import { Sidecar } from '../../../clients/node/index.js';

const [what, executable, ...args] = process.argv.slice(2);
const sidecar = await Sidecar.spawn({ executable, args });
process.stdout.write(`sidecar ${sidecar.pid}\n`);

const endings: Record<string, () => Promise<void> | void> = {
  idle: async () => {
    await sidecar.run('echo');
    await sidecar.ping();
  },
  awaiting: async () => {
    const { stdout } = await sidecar.run('echo', ['awaited']);
    await sidecar.ping();
    const handle = sidecar.submit({ command: 'echo' });
    await handle.started;
    await handle.result;
    process.stdout.write(`${stdout}\n`);
  },
  leaving: () => {
    sidecar.submit({ command: 'sleep' }).result.catch(() => {});
    setTimeout(() => process.exit(3), 50);
  },
  throwing: () => {
    sidecar.submit({ command: 'sleep' });
    throw new Error('the host failed');
  },
  waiting: async () => {
    process.stdout.write('waiting\n');
    await sidecar.submit({ command: 'sleep' }).result;
  },
  closing: async () => {
    sidecar.submit({ command: 'sleep' });
    await sidecar.close({ mode: 'now' });
    process.stdout.write('closed\n');
  },
};
await endings[what!]!();
