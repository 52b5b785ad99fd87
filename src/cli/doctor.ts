import { EXIT_CODES } from '../../protocol/wire.js';
import { SandboxError, SandboxManager, type SandboxManagerOptions } from '../sandbox/index.js';
import { createLogger, SettingsLayers, sandboxOptions, streamSink, VERSION } from '../sidecar/index.js';
import { type CliIo, writeText } from './cli-io.js';
import { parseArguments, refuseOperands, UsageError } from './command-line.js';
import { type Diagnosis, diagnose } from './diagnosis.js';
import { formatTable } from './table.js';

/** What holds each mechanism back, or makes it strong. */
const MEANINGS: Readonly<Record<string, string>> = {
  'cgroup-v2': 'by the kernel, for the whole process tree',
  'cgroup-v1': 'by the kernel, for the whole process tree',
  rlimit: 'by the kernel, for each process',
  tmpfs: 'by the kernel, for the whole workspace',
  sampled: 'measured every 10 to 100 ms; what grows faster than that gets past it for a moment',
  timer: 'exactly, by a timer of the sidecar',
  counter: 'exactly, by counting every byte',
  unavailable: 'not at all on this machine',
};

/** The exit code where `--require kernel` is not met. */
const NOT_REACHED = 1;

/**
 * Tells what is available and enforced on this machine, what is missing and why, and what to do about it; with
 * `--json` for programs. The exit code is 78 where a sidecar with these settings would not start, and with
 * `--require kernel` 1 where a limit is left to samples or to nobody.
 */
export async function doctor(args: readonly string[], io: CliIo): Promise<number> {
  const parsed = parseArguments(args, { json: 'boolean', require: 'string' });
  refuseOperands('doctor', parsed);
  const required = parsed.values.require ?? [];
  const unknown = required.find((level) => level !== 'kernel');
  if (unknown !== undefined) throw new UsageError(`--require must be kernel, got ${JSON.stringify(unknown)}`);
  const settings = await new SettingsLayers({ ...parsed.settings, environment: io.environment }).resolve();
  const logger = createLogger(settings.logLevel, streamSink(io.stderr));
  const opened = await openSandbox(sandboxOptions(settings, { logger, sweepCommand: [] }));
  await using sandbox = opened.sandbox;
  const { available, enforcement, cgroupSupport } = sandbox;
  const { enableMonitoring, memoryBudgetBytes } = settings;
  const backend = sandbox.backend.name;
  const report: Report = {
    version: VERSION,
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    ...(opened.fault !== null && { fault: opened.fault }),
    ...{ backend, available, enforcement },
    ...diagnose({ backend, available, enforcement, cgroupSupport, enableMonitoring }),
    memoryBudgetBytes,
  };
  await writeText(io.stdout, parsed.given.has('json') ? `${JSON.stringify(report, null, 2)}\n` : asText(report));
  if (opened.fault !== null) return EXIT_CODES.configuration;
  return required.length > 0 && report.sampled.length > 0 ? NOT_REACHED : EXIT_CODES.clean;
}

/** Where the backend that is asked for does not work, the one that does is looked at, and the fault told. */
async function openSandbox(options: SandboxManagerOptions): Promise<{ sandbox: SandboxManager; fault: string | null }> {
  try {
    return { sandbox: await SandboxManager.create({ ...options, tryAll: true }), fault: null };
  } catch (error) {
    if (!(error instanceof SandboxError) || error.code !== 'backend_unavailable' || options.backend === 'auto') {
      throw error;
    }
    return { sandbox: await SandboxManager.create({ ...options, backend: 'auto' }), fault: error.message };
  }
}

interface Report extends Diagnosis {
  readonly version: string;
  readonly node: string;
  readonly platform: string;
  /** Why a sidecar with these settings would not start; left out where it would. */
  readonly fault?: string;
  readonly backend: string;
  readonly available: SandboxManager['available'];
  readonly enforcement: SandboxManager['enforcement'];
  readonly memoryBudgetBytes: number;
}

function asText(report: Report): string {
  const backends = report.available.map(({ backend, ok, reason = '' }) => [
    backend,
    ok ? 'works' : 'does not work',
    backend === report.backend ? 'chosen' : reason.replaceAll(/\s*\n\s*/g, '; '),
  ]);
  const limits = Object.entries(report.enforcement).map(([limit, by]) => [limit, by, MEANINGS[by] ?? '']);
  const missing = report.missing.map(({ limit, reason }) => [limit, reason]);
  return [
    `exec-sidecar ${report.version} on Node ${report.node}, ${report.platform}`,
    `memory budget of running tasks: ${report.memoryBudgetBytes} bytes (setting memoryBudgetBytes)`,
    ...(report.fault === undefined ? [] : [`a sidecar with these settings does not start: ${report.fault}`]),
    '',
    formatTable(['sandbox', 'state', ''], backends),
    '',
    formatTable(['limit', 'enforced by', 'how'], limits),
    '',
    report.sampled.length === 0
      ? 'require: "kernel" can be met.'
      : `require: "kernel" cannot be met: ${report.sampled.join(', ')}`,
    ...(missing.length === 0 ? [] : ['', formatTable(['missing', 'why'], missing)]),
    ...(report.advice.length === 0 ? [] : ['', 'To get to full enforcement:']),
    ...report.advice.map((line) => `- ${line}`),
    '',
  ].join('\n');
}
