import type { OutputOptions, Task, TaskFile } from '../../protocol/index.js';
import { InvalidArgumentError } from './errors.js';

/**
 * A task as the caller writes it: the Task of the protocol, where `env` may also be an object (names whose value is
 * undefined are left out) and `files` an object from path to content. What the fields may hold is judged by the
 * sidecar: a value out of range gives a result with status `notExecuted` and a `validation` error that names it.
 */
export interface TaskInput
  extends Omit<OptionalFields<Task>, 'command' | 'args' | 'env' | 'files' | 'output' | 'collect'> {
  readonly command: string;
  readonly args?: readonly string[] | undefined;
  readonly env?:
    | Readonly<Record<string, string | undefined>>
    | readonly (readonly [name: string, value: string])[]
    | undefined;
  readonly files?: readonly TaskFile[] | Readonly<Record<string, string | Uint8Array>> | undefined;
  readonly output?: OptionalFields<OutputOptions> | undefined;
  readonly collect?: readonly string[] | undefined;
}

type OptionalFields<T> = { readonly [Key in keyof T]?: T[Key] | undefined };

/** The body of a `submit` frame. */
export type TaskBody = Record<string, unknown>;

const COPIED_FIELDS = [
  'command',
  'args',
  'cwd',
  'stdin',
  'priority',
  'limits',
  'output',
  'collect',
  'require',
  'cache',
  'usageEventsMs',
  'label',
] as const satisfies readonly (keyof TaskInput)[];

/**
 * The Task that `input` stands for.
 *
 * @param field how `input` is called in errors, such as `tasks[3]`
 * @throws InvalidArgumentError where it cannot be made into one
 */
export function toTaskBody(input: TaskInput, field = 'task'): TaskBody {
  assertObject(input, field);
  if (typeof input.command !== 'string') {
    throw new InvalidArgumentError(`${field}.command`, `a string, not ${describe(input.command)}`);
  }
  const body: TaskBody = {};
  for (const name of COPIED_FIELDS) if (input[name] !== undefined) body[name] = input[name];
  if (input.env !== undefined) body.env = toPairs(input.env, `${field}.env`);
  if (input.files !== undefined) body.files = toFiles(input.files, `${field}.files`);
  return body;
}

/** Whether the task's output comes in `output` frames. */
export function streamsOutput(input: TaskInput): boolean {
  return input.output?.mode === 'stream';
}

/** Whether the task's stdin goes in `stdin` frames. */
export function streamsStdin(input: TaskInput): boolean {
  return isObject(input.stdin) && 'stream' in input.stdin && input.stdin.stream === true;
}

/** @throws InvalidArgumentError where a task that is to be run without a handle needs one */
export function assertNotStreamed(input: TaskInput, field: string): void {
  assertObject(input, field);
  if (streamsOutput(input)) {
    throw new InvalidArgumentError(`${field}.output.mode`, "'collect' or 'discard' here; submit() streams output");
  }
  if (streamsStdin(input)) {
    throw new InvalidArgumentError(`${field}.stdin`, 'given whole here; submit() streams stdin');
  }
}

function assertObject(input: unknown, field: string): void {
  if (!isObject(input)) throw new InvalidArgumentError(field, `an object, not ${describe(input)}`);
}

function toPairs(env: NonNullable<TaskInput['env']>, field: string): unknown {
  if (Array.isArray(env)) return env;
  if (!isObject(env)) throw new InvalidArgumentError(field, `an object or an array of pairs, not ${describe(env)}`);
  return Object.entries(env).filter(([, value]) => value !== undefined);
}

function toFiles(files: NonNullable<TaskInput['files']>, field: string): unknown {
  if (Array.isArray(files)) return files;
  if (!isObject(files)) {
    throw new InvalidArgumentError(field, `an object from path to content or an array, not ${describe(files)}`);
  }
  return Object.entries(files).map(([path, data]) => ({ path, data }));
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function describe(value: unknown): string {
  return value === null ? 'null' : typeof value;
}
