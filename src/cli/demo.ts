import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { EXIT_CODES } from '../../protocol/wire.js';
import { type CliIo, writeText } from './cli-io.js';
import { parseArguments, refuseOperands, refuseSettings } from './command-line.js';

/** What the demo of the bundled client exports. It is found by path: the sidecar does not import its clients. */
interface DemoModule {
  runDemo(options: {
    executable: string;
    print: (text: string) => Promise<void>;
    signal: AbortSignal;
  }): Promise<boolean>;
}

/** The exit code of what Ctrl-C has ended. */
const INTERRUPTED = 130;

const DEMO = pathToFileURL(join(import.meta.dirname, 'clients/node/demo/index.js'));

/** Shows a sidecar at work, driven by the bundled client. Exits with 0 where every task ended as it was meant to. */
export async function demo(args: readonly string[], io: CliIo): Promise<number> {
  const parsed = parseArguments(args);
  refuseOperands('demo', parsed);
  refuseSettings('demo', parsed);
  const { runDemo } = (await io.importModule(DEMO.href)) as DemoModule;
  const interruption = new AbortController();
  io.onInterrupt(() => interruption.abort());
  const signal = AbortSignal.any([interruption.signal, io.termination]);
  try {
    const print = (text: string) => writeText(io.stdout, text);
    const asMeant = await runDemo({ executable: io.executable, print, signal });
    return asMeant ? EXIT_CODES.clean : EXIT_CODES.internal;
  } catch (error) {
    if (!signal.aborted) throw error;
    return io.termination.aborted ? EXIT_CODES.terminated : INTERRUPTED;
  }
}
