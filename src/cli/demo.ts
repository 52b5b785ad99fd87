import { EXIT_CODES } from '../../protocol/index.js';
import { type CliIo, writeText } from './cli-io.js';
import { parseArguments, UsageError } from './command-line.js';

/** What the demo of the bundled client exports. It is found by path: the sidecar does not import its clients. */
interface DemoModule {
  runDemo(options: { executable: string; print: (text: string) => Promise<void> }): Promise<boolean>;
}

const DEMO = new URL('./clients/node/demo/index.js', import.meta.url);

/** Shows a sidecar at work, driven by the bundled client. Exits with 0 where every task ended as it was meant to. */
export async function demo(args: readonly string[], io: CliIo): Promise<number> {
  const { operands } = parseArguments(args);
  if (operands.length > 0) throw new UsageError(`demo takes no arguments, got ${JSON.stringify(operands[0])}`);
  const { runDemo } = (await import(DEMO.href)) as DemoModule;
  const asMeant = await runDemo({ executable: io.executable, print: (text) => writeText(io.stdout, text) });
  return asMeant ? EXIT_CODES.clean : EXIT_CODES.internal;
}
