import { accessSync, constants, readdirSync, type Stats, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { isElf, parseElf, runsMachine } from './elf.js';
import { errorCode } from './error-code.js';
import { SandboxError } from './errors.js';
import { headOf } from './file-heads.js';

/**
 * Finds the file that a command names and makes sure that it can be run, so that what is wrong is told as an error
 * that names it, and not by a shell's exit code 126 or 127. Synchronous: these are some twenty calls that the kernel
 * answers from its caches in 0.1 ms; by way of the thread pool they would cost more than the spawn.
 * @returns the absolute path
 * @throws SandboxError kind `execution`: `command_not_found`, `is_a_directory`, `not_executable`,
 * `interpreter_not_found`, `exec_format_error`
 */
export function inspectExecutable(
  command: string,
  path: string,
  cwd: string,
  hostPath: HostPath = (seen) => seen,
): string {
  const file = command.includes('/') ? givenFile(command, cwd, hostPath) : searchPath(command, path, cwd, hostPath);
  inspectFile(file, command, hostPath, 0);
  return file.path;
}

/** Where the sidecar finds what a task sees at an absolute path; null where it sees nothing there. */
export type HostPath = (path: string) => string | null;

function givenFile(command: string, cwd: string, hostPath: HostPath): ExecutableFile {
  const file = look(resolve(cwd, command), hostPath);
  if (file.state === 'executable') return file;
  if (file.state === 'missing') throw failure('command_not_found', command, `no such file: ${file.path}`);
  if (file.state === 'directory') throw failure('is_a_directory', command, `${file.path} is a directory`);
  throw notExecutable(command, file.path);
}

/** As execvp(3): the first executable file of that name; an empty entry is the working directory. */
function searchPath(command: string, path: string, cwd: string, hostPath: HostPath): ExecutableFile {
  let blocked: string | null = null;
  for (const directory of path.split(':')) {
    const file = look(resolve(cwd, directory, command), hostPath);
    if (file.state === 'executable') return file;
    if (file.state === 'not executable') blocked ??= file.path;
  }
  if (blocked !== null) throw notExecutable(command, blocked);
  throw failure('command_not_found', command, `not found in PATH (${path})`, { path });
}

interface ExecutableFile {
  readonly state: 'executable';
  readonly path: string;
  readonly onHost: string;
  readonly found: Stats;
}

/** What a task sees at a path. */
type SeenFile = ExecutableFile | { readonly state: 'not executable' | 'directory' | 'missing'; readonly path: string };

function look(path: string, hostPath: HostPath): SeenFile {
  const onHost = hostPath(path);
  if (onHost === null) return { state: 'missing', path };
  try {
    const found = statSync(onHost, { throwIfNoEntry: false });
    if (found === undefined) return { state: 'missing', path };
    if (found.isDirectory()) return { state: 'directory', path };
    if (!found.isFile()) return { state: 'not executable', path };
    accessSync(onHost, constants.X_OK);
    return { state: 'executable', path, onHost, found };
  } catch (error) {
    return { state: errorCode(error) === 'EACCES' ? 'not executable' : 'missing', path };
  }
}

/** As deep as Linux follows interpreters that are scripts themselves. */
const MAX_INTERPRETERS = 4;

function inspectFile(file: ExecutableFile, command: string, hostPath: HostPath, depth: number): void {
  // It may be that it can be run but not read.
  const head = headOf(file.onHost, file.found);
  if (head === null) return;
  if (head.toString('latin1', 0, 2) === '#!') {
    inspectScript(file.path, head, command, hostPath, depth);
  } else if (process.platform === 'linux') {
    const obstacle = inspectProgram(file.path, head, command, hostPath);
    if (obstacle !== null && !runsForeignFormats()) throw obstacle;
  }
}

function inspectScript(file: string, head: Buffer, command: string, hostPath: HostPath, depth: number): void {
  const line = head.toString('utf8').split('\n', 1)[0] ?? '';
  const [name] = line.slice(2).trim().split(/[ \t]/, 1);
  if (!name) throw failure('exec_format_error', command, `${file} begins with #! and names no interpreter`);
  // A relative one is looked for where the command happens to be.
  if (!name.startsWith('/')) return;
  const interpreter = look(name, hostPath);
  if (interpreter.state !== 'executable') throw missingInterpreter(command, file, name);
  if (depth < MAX_INTERPRETERS) inspectFile(interpreter, command, hostPath, depth + 1);
}

/** Why the kernel's own loader would not run a program; null where it would, as far as can be seen. */
function inspectProgram(file: string, head: Buffer, command: string, hostPath: HostPath): SandboxError | null {
  if (head.length === 0) return failure('exec_format_error', command, `${file} is empty`);
  if (!isElf(head)) {
    const hint = 'it is neither a program of this system nor a script that begins with #! and its interpreter';
    return failure('exec_format_error', command, `${file} cannot be run: ${hint}`);
  }
  const elf = parseElf(head);
  if (elf === null) return null;
  if (!runsMachine(elf.machine)) {
    const detail = `it is a program for another machine (ELF machine ${elf.machine}, this one is ${process.arch})`;
    return failure('exec_format_error', command, `${file} cannot be run: ${detail}`);
  }
  if (elf.interpreter === null || look(elf.interpreter, hostPath).state === 'executable') return null;
  return missingInterpreter(command, file, elf.interpreter);
}

/** Whether handlers are registered by which the kernel runs other formats than its own, such as qemu's. */
function runsForeignFormats(): boolean {
  try {
    const names = readdirSync('/proc/sys/fs/binfmt_misc');
    return names.some((name) => name !== 'register' && name !== 'status');
  } catch {
    return false;
  }
}

function notExecutable(command: string, file: string): SandboxError {
  return failure('not_executable', command, `${file} is not an executable file; a file of the task takes mode 0o755`);
}

function missingInterpreter(command: string, file: string, interpreter: string): SandboxError {
  return failure('interpreter_not_found', command, `the interpreter of ${file} cannot be run: ${interpreter}`, {
    interpreter,
  });
}

function failure(code: string, command: string, reason: string, details: Record<string, unknown> = {}): SandboxError {
  return new SandboxError('execution', code, `command: ${JSON.stringify(command)}: ${reason}`, { command, ...details });
}
