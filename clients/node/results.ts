import {
  type EffectiveLimits,
  ownBytes,
  type TaskLimits,
  type TaskResult,
  UNKNOWN_USAGE,
} from '../../protocol/index.js';
import { InvalidArgumentError } from './errors.js';

/** A result with its output as text. Bytes that are not UTF-8 become U+FFFD; ask for `encoding: 'bytes'` to see them. */
export interface RunResult extends Omit<TaskResult, 'stdout' | 'stderr'> {
  readonly stdout: string;
  readonly stderr: string;
}

/** How a result's output is given: as text, or as the bytes that the process wrote. */
export type OutputEncoding = 'utf8' | 'bytes';

/** A result in an encoding. */
export type ResultIn<Encoding extends OutputEncoding> = Encoding extends 'bytes' ? TaskResult : RunResult;

/** @throws InvalidArgumentError */
export function assertEncoding(encoding: OutputEncoding | undefined): void {
  if (encoding === undefined || encoding === 'utf8' || encoding === 'bytes') return;
  throw new InvalidArgumentError('options.encoding', `'utf8' or 'bytes', not ${String(encoding)}`);
}

/** The result with its output in `encoding`, or as text where none is given. */
export function resultIn<Encoding extends OutputEncoding>(
  result: TaskResult,
  encoding: Encoding | undefined,
): ResultIn<Encoding> {
  return (encoding === 'bytes' ? result : withText(result)) as ResultIn<Encoding>;
}

/** The result, holding no more memory than its own bytes. */
export function detached(result: TaskResult): TaskResult {
  return {
    ...result,
    stdout: ownBytes(result.stdout),
    stderr: ownBytes(result.stderr),
    files: result.files.map(({ path, data }) => ({ path, data: ownBytes(data) })),
  };
}

/** What is known of a task that was cancelled before it was sent. */
export interface UnsentTask {
  readonly label: string | undefined;
  readonly limits: TaskLimits;
  readonly defaults: EffectiveLimits;
  readonly waitedMs: number;
  readonly reason: string | undefined;
}

/** The result of a task that was cancelled before it was sent: the sidecar never knew it, so it has no execution id. */
export function cancelledUnsent({ label, limits, defaults, waitedMs, reason }: UnsentTask): TaskResult {
  const message = `cancelled by the host before it was sent${reason === undefined ? '' : `: ${reason}`}`;
  return {
    executionId: '',
    status: 'cancelled',
    ...(label === undefined ? {} : { label }),
    cached: false,
    exitCode: null,
    signal: null,
    error: { kind: 'execution', message, details: { code: 'cancelled' } },
    stdout: new Uint8Array(0),
    stderr: new Uint8Array(0),
    stdoutBytes: 0,
    stderrBytes: 0,
    truncated: { stdout: false, stderr: false },
    usage: UNKNOWN_USAGE,
    limits: { ...defaults, ...given(limits) },
    limitsExceeded: [],
    timing: { queuedMs: Math.round(waitedMs), setupMs: 0, runMs: 0, stalledMs: 0, collectMs: 0 },
    files: [],
  };
}

function given(limits: TaskLimits): Partial<EffectiveLimits> {
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
}

function withText(result: TaskResult): RunResult {
  return { ...result, stdout: toText(result.stdout), stderr: toText(result.stderr) };
}

function toText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}
