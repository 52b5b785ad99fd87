import { EXIT_CODES } from '../../protocol/wire.js';
import { SandboxError } from '../sandbox/errors.js';
import { SettingsError } from '../sidecar/settings.js';
import { VERSION } from '../sidecar/version.js';
import { type CliIo, writeText } from './cli-io.js';
import { UsageError } from './command-line.js';

type Subcommand = (args: readonly string[], io: CliIo) => Promise<number>;

/** Each subcommand is loaded when it is asked for: a sidecar starts without the code of the others. */
const subcommands: Readonly<Record<string, () => Promise<Subcommand>>> = {
  serve: async () => (await import('./serve.js')).serve,
  run: async () => (await import('./run.js')).run,
  doctor: async () => (await import('./doctor.js')).doctor,
  demo: async () => (await import('./demo.js')).demo,
  sweep: async () => (await import('./sweep.js')).sweep,
};

/** Runs the subcommand that the arguments name and resolves with the exit code. Never rejects. */
export async function runCli(argv: readonly string[], io: CliIo): Promise<number> {
  const [name, ...args] = argv;
  try {
    if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
      await writeText(name === undefined ? io.stderr : io.stdout, (await import('./help.js')).helpText());
      return name === undefined ? EXIT_CODES.usage : EXIT_CODES.clean;
    }
    if (name === '--version' || name === '-V') {
      await writeText(io.stdout, `exec-sidecar ${VERSION}\n`);
      return EXIT_CODES.clean;
    }
    const load = Object.hasOwn(subcommands, name) ? subcommands[name] : undefined;
    if (load === undefined) throw new UsageError(`there is no subcommand ${JSON.stringify(name)}`);
    if (args[0] === '--help' || args[0] === '-h') {
      await writeText(io.stdout, (await import('./help.js')).helpText());
      return EXIT_CODES.clean;
    }
    return await (await load())(args, io);
  } catch (error) {
    await writeText(io.stderr, `exec-sidecar: ${describe(error)}\n`);
    return exitCodeOfError(error);
  }
}

function describe(error: unknown): string {
  if (error instanceof UsageError) return `${error.message}; see exec-sidecar --help`;
  if (error instanceof SettingsError || error instanceof SandboxError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function exitCodeOfError(error: unknown): number {
  if (error instanceof UsageError) return EXIT_CODES.usage;
  if (error instanceof SettingsError || error instanceof SandboxError) return EXIT_CODES.configuration;
  return EXIT_CODES.internal;
}
