import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

/** What frames travel through: socket pairs, as Node makes them, or FIFOs, which are real pipes. */
export type Transport = 'sockets' | 'fifos';

/** A process that was spawned, and the host's ends of its three streams. */
export interface ConnectedSidecar {
  readonly child: ChildProcess;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
}

/** Spawns a process with its stdin and stdout through this transport; its stderr is a socket. */
export async function spawnConnected(
  [file, ...args]: readonly [file: string, ...args: string[]],
  env: NodeJS.ProcessEnv,
  transport: Transport = 'sockets',
): Promise<ConnectedSidecar> {
  if (transport === 'sockets') {
    const child = spawn(file, args, { env });
    return { child, stdin: child.stdin, stdout: child.stdout, stderr: child.stderr };
  }
  const fifos = await openFifos();
  const child = spawn(file, args, { env, stdio: [fifos.childStdin, fifos.childStdout, 'pipe'] });
  for (const descriptor of [fifos.childStdin, fifos.childStdout]) closeSync(descriptor);
  const stdin = new Socket({ fd: fifos.stdin, readable: false, writable: true });
  const stdout = new Socket({ fd: fifos.stdout, readable: true, writable: false });
  return { child, stdin, stdout, stderr: child.stderr! };
}

/** The ends of two pipes. Ours do not block; those of the child do, as a shell would give them. */
async function openFifos(): Promise<Record<'stdin' | 'stdout' | 'childStdin' | 'childStdout', number>> {
  const { O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;
  const folder = await mkdtemp(join(tmpdir(), 'exec-sidecar-fifos-'));
  try {
    const [input, output] = [join(folder, 'in'), join(folder, 'out')];
    execFileSync('mkfifo', [input, output]);
    // A reader that does not block comes first: then no end has to wait for another.
    const opener = openSync(input, O_RDONLY | O_NONBLOCK);
    const stdin = openSync(input, O_WRONLY | O_NONBLOCK);
    const childStdin = openSync(input, O_RDONLY);
    closeSync(opener);
    const stdout = openSync(output, O_RDONLY | O_NONBLOCK);
    const childStdout = openSync(output, O_WRONLY);
    return { stdin, childStdin, stdout, childStdout };
  } finally {
    await rm(folder, { recursive: true });
  }
}
