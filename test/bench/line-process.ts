import { alternate } from './alternation.js';
import { lines } from './lines/index.js';

/**
 * The host in which one line is measured: a process of its own, so that what another line has left in memory does not
 * count. It ends what it has started when it gets a signal, or when whoever has started it is gone.
 */
const [name, extent] = process.argv.slice(2);
const line = lines.find((candidate) => candidate.name === name);
if (line === undefined) throw new TypeError(`there is no line ${name}`);

const aborter = new AbortController();
const abort = () => aborter.abort(new Error('interrupted'));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, abort);
process.on('disconnect', abort);

try {
  const measurement = await alternate(line, { quick: extent === 'quick', signal: aborter.signal });
  await new Promise((resolve) => process.send!({ measurement }, resolve));
} catch (error) {
  console.error(aborter.signal.aborted ? 'interrupted' : error);
  process.exitCode = 1;
}
if (process.connected) process.disconnect();
