import { spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assembleSeccompFilter, seccompArchitecture } from '../../../src/sandbox/seccomp/index.js';

/** How a program ended and what it wrote. */
export interface Outcome {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Why no program can run under a filter here, or null where it can. */
export function whyNoBubblewrap(): string | null {
  if (seccompArchitecture() === null) return `there is no filter for ${process.platform} ${process.arch}`;
  const { error, status, stderr } = spawnSync('bwrap', [...SANDBOX, 'true'], { encoding: 'utf8' });
  if (error !== undefined) return `bwrap: ${error.message}`;
  return status === 0 ? null : `bwrap: ${stderr.trim()}`;
}

/** Why a program cannot be used in a test here, or null where it can. */
export function whyNo(program: string, ...args: string[]): string | null {
  const { error, status } = spawnSync(program, args, { stdio: 'ignore' });
  if (error !== undefined) return `${program}: ${error.message}`;
  return status === 0 ? null : `${program} ${args.join(' ')} exits with ${status}`;
}

/**
 * Runs a command in a bubblewrap sandbox that keeps every capability the caller has, with the filter or without, so
 * that what the filter denies is told apart from what the sandbox denies.
 */
export async function runSandboxed(command: readonly string[], { filtered }: { filtered: boolean }): Promise<Outcome> {
  const directory = mkdtempSync(join(tmpdir(), 'seccomp-test-'));
  const file = join(directory, 'filter.bpf');
  writeFileSync(file, assembleSeccompFilter(seccompArchitecture()!));
  const descriptor = openSync(file, 'r');
  try {
    const options = filtered ? ['--seccomp', '3'] : [];
    const child = spawn('bwrap', [...SANDBOX, ...options, ...command], {
      stdio: ['ignore', 'pipe', 'pipe', descriptor],
      timeout: 50_000,
      killSignal: 'SIGKILL',
    });
    const [stdout, stderr, end] = await Promise.all([
      text(child.stdout!),
      text(child.stderr!),
      new Promise<{ code: number | null; signal: string | null }>((resolve, reject) => {
        child.once('error', reject);
        child.once('close', (code, signal) => resolve({ code, signal }));
      }),
    ]);
    return { ...end, stdout, stderr };
  } finally {
    closeSync(descriptor);
    rmSync(directory, { recursive: true });
  }
}

const SANDBOX = [
  ...['--unshare-pid', '--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc', '--tmpfs', '/tmp', '--chdir', '/tmp'],
  ...['--setenv', 'HOME', '/tmp', '--new-session', '--die-with-parent', '--cap-add', 'ALL'],
];

async function text(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
