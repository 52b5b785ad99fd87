import { EXIT_CODES } from '../../protocol/wire.js';
import { createLogger, runSidecar, SettingsLayers, streamSink } from '../sidecar/index.js';
import { QueueRegistry } from '../tracking/index.js';
import { type CliIo, writeText } from './cli-io.js';
import { parseArguments, refuseOperands } from './command-line.js';

const FOR_PEOPLE = `exec-sidecar serve speaks length-prefixed msgpack frames on stdin and stdout: it is meant to be
spawned by a program, not started in a terminal.

  exec-sidecar run -- COMMAND   run one command under limits
  exec-sidecar demo             see a sidecar at work
  exec-sidecar --help           everything else
`;

/** Serves the host that has spawned this process. */
export async function serve(args: readonly string[], io: CliIo): Promise<number> {
  const parsed = parseArguments(args);
  refuseOperands('serve', parsed);
  const settings = new SettingsLayers({ ...parsed.settings, environment: io.environment });
  const { logLevel } = await settings.resolve();
  const input = io.takeStdin();
  if (input === null || io.stdout.isTTY) {
    await writeText(io.stderr, FOR_PEOPLE);
    return EXIT_CODES.usage;
  }
  const logger = createLogger(logLevel, streamSink(io.stderr));
  const registry = QueueRegistry.global;
  registry.setLogger(logger);
  return runSidecar({
    input,
    sink: streamSink(io.stdout, io.stdout.fd),
    settings,
    registry,
    logger,
    termination: io.termination,
    sweepCommand: sweepCommand(io),
  });
}

/** The command that sweeps a folder of workspaces, to which the folder is added. */
export function sweepCommand(io: CliIo): string[] {
  return [process.execPath, io.executable, 'sweep'];
}
