import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bwrapArguments, DESCRIPTORS } from '../../../src/sandbox/bubblewrap/bwrap-arguments.js';
import { taskUser, writeIdentityFiles } from '../../../src/sandbox/bubblewrap/identity.js';
import { findLayout } from '../../../src/sandbox/bubblewrap/layout.js';
import { assembleSeccompFilter, seccompArchitecture } from '../../../src/sandbox/seccomp/index.js';
import { type Contestant, NotMeasuredError, type RoundOptions, type Sample } from '../line.js';

/** The user that the sidecar's tasks are by default where it is root. */
const SANDBOX_UID = 65_534;
const WORKSPACE_BYTES = 1_073_741_824;
const SHARED_MEMORY_BYTES = 67_108_864;

/** Runs a command in one cold sandbox. */
type RunCold = () => Promise<void>;

/**
 * bubblewrap, spawned by the host for each command with the options of the sidecar, filter and all, and nothing more:
 * no cgroup, no limits, nobody who looks after it.
 */
export function coldBubblewrap(
  command: string,
  round: (run: RunCold, options: RoundOptions) => Promise<Sample>,
): Contestant {
  return {
    name: 'cold bubblewrap',
    async open() {
      const folder = await mkdtemp(join(tmpdir(), 'exec-sidecar-bench-'));
      const dispose = () => rm(folder, { recursive: true, force: true });
      try {
        const run = await preparedIn(folder, command);
        await run();
        return { round: (options) => round(run, options), [Symbol.asyncDispose]: dispose };
      } catch (error) {
        await dispose();
        throw new NotMeasuredError(`bubblewrap does not work here: ${(error as Error).message}`);
      }
    },
  };
}

async function preparedIn(folder: string, command: string): Promise<RunCold> {
  const user = taskUser(SANDBOX_UID);
  const architecture = seccompArchitecture();
  const filter = join(folder, 'seccomp.bpf');
  if (architecture !== null) await writeFile(filter, assembleSeccompFilter(architecture));
  const provided = await writeIdentityFiles(folder, { user, network: false });
  const args = bwrapArguments({
    ...user,
    layout: findLayout({ network: false, readOnlyPaths: [] }),
    network: false,
    privateBytes: WORKSPACE_BYTES,
    sharedMemoryBytes: SHARED_MEMORY_BYTES,
    seccomp: architecture !== null,
    provided: [...provided.keys()],
    providedFrom: DESCRIPTORS.provided,
  });
  const files = [architecture === null ? '/dev/null' : filter, ...provided.values()];
  const identity = process.getuid?.() === 0 ? user : {};
  return () => runOnce([...args, '--', command], files, identity);
}

/** Each run reads the files from their beginnings, so they are opened anew. */
async function runOnce(args: readonly string[], files: readonly string[], identity: object): Promise<void> {
  const opened: number[] = [];
  let ending: Promise<void>;
  try {
    const nowhere = openSync('/dev/null', 'r+');
    opened.push(nowhere);
    for (const path of files) opened.push(openSync(path, 'r'));
    const others = Array.from({ length: DESCRIPTORS.seccomp - FIRST_DESCRIPTOR }, () => nowhere);
    const child = spawn('bwrap', args, {
      ...{ ...identity, cwd: '/', env: {} },
      stdio: ['ignore', 'pipe', 'pipe', ...others, ...opened.slice(1)],
    });
    ending = ended(child);
  } finally {
    for (const descriptor of opened) closeSync(descriptor);
  }
  await ending;
}

/** The first descriptor after the standard streams. */
const FIRST_DESCRIPTOR = 3;

async function ended(child: ChildProcess): Promise<void> {
  let said = '';
  child.stdout?.resume();
  child.stderr?.on('data', (chunk: Buffer) => {
    said += chunk;
  });
  const [exitCode] = await once(child, 'close');
  if (exitCode !== 0) throw new Error(`bwrap ended with ${exitCode}: ${said.trim()}`);
}
