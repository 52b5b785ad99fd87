import { EXIT_CODES } from '../../protocol/index.js';
import { softLimits } from '../executor/index.js';
import { adviseBubblewrap, adviseCgroups, SandboxManager } from '../sandbox/index.js';
import { createLogger, SettingsLayers, sandboxOptions, streamSink, VERSION } from '../sidecar/index.js';
import { type CliIo, writeText } from './cli-io.js';
import { parseArguments, refuseOperands, UsageError } from './command-line.js';
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
 * Tells what is available and enforced on this machine, why not, and what to do about it; with `--json` for programs.
 * With `--require kernel` the exit code is 1 where a limit is left to samples.
 */
export async function doctor(args: readonly string[], io: CliIo): Promise<number> {
  const parsed = parseArguments(args, { json: 'boolean', require: 'string' });
  refuseOperands('doctor', parsed);
  const required = parsed.values.require ?? [];
  const unknown = required.find((level) => level !== 'kernel');
  if (unknown !== undefined) throw new UsageError(`--require must be kernel, got ${JSON.stringify(unknown)}`);
  const settings = new SettingsLayers({ ...parsed.settings, environment: io.environment }).resolve();
  const logger = createLogger(settings.logLevel, streamSink(io.stderr));
  await using sandbox = await SandboxManager.create(sandboxOptions(settings, { logger, sweepCommand: [] }));
  const report = {
    version: VERSION,
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    backend: sandbox.backend.name,
    available: sandbox.available,
    enforcement: sandbox.enforcement,
    sampled: softLimits(sandbox.enforcement),
    advice: advise(sandbox),
    memoryBudgetBytes: settings.memoryBudgetBytes,
  };
  await writeText(io.stdout, parsed.given.has('json') ? `${JSON.stringify(report, null, 2)}\n` : asText(report));
  return required.length > 0 && report.sampled.length > 0 ? NOT_REACHED : EXIT_CODES.clean;
}

function advise({ available, cgroupSupport }: SandboxManager): string[] {
  const bubblewrap = available.filter(({ backend }) => backend === 'bubblewrap').flatMap(adviseBubblewrap);
  return [...bubblewrap, ...adviseCgroups(cgroupSupport)];
}

type Report = {
  readonly version: string;
  readonly node: string;
  readonly platform: string;
  readonly backend: string;
  readonly available: SandboxManager['available'];
  readonly enforcement: SandboxManager['enforcement'];
  /** The limits that keep `require: "kernel"` from being met. */
  readonly sampled: readonly string[];
  readonly advice: readonly string[];
  readonly memoryBudgetBytes: number;
};

function asText(report: Report): string {
  const backends = report.available.map(({ backend, ok, reason }) => [
    backend,
    ok ? 'works' : 'does not work',
    backend === report.backend ? 'chosen' : (reason ?? ''),
  ]);
  const limits = Object.entries(report.enforcement).map(([limit, by]) => [limit, by, MEANINGS[by] ?? '']);
  return [
    `exec-sidecar ${report.version} on Node ${report.node}, ${report.platform}`,
    `memory budget of running tasks: ${report.memoryBudgetBytes} bytes (setting memoryBudgetBytes)`,
    '',
    formatTable(['sandbox', 'state', ''], backends),
    '',
    formatTable(['limit', 'enforced by', 'how'], limits),
    '',
    report.sampled.length === 0
      ? 'require: "kernel" can be met.'
      : `require: "kernel" cannot be met: ${report.sampled.join(', ')}`,
    ...report.advice.map((line) => `- ${line}`),
    '',
  ].join('\n');
}
