import type { Hash } from 'node:crypto';
import type { EffectiveLimits } from '../../protocol/index.js';
import { nodeCrypto } from './node-crypto.js';
import { outputOptions } from './output-options.js';
import type { ValidatedTask } from './validation.js';

/**
 * The key under which equal tasks share a result: a digest of everything that may change what a command does or what
 * its result holds. `policy` stands for the sandbox that it runs in. Label, priority and usage events do not count.
 */
export function cacheKey({ task, resourceLimits }: ValidatedTask, policy: string): string {
  const hash = nodeCrypto().createHash('sha256');
  const { mode, onOverflow } = outputOptions(task);
  addText(hash, 'policy', policy);
  addText(hash, 'command', task.command);
  for (const arg of task.args ?? []) addText(hash, 'arg', arg);
  for (const [name, value] of sortedByName(task.env ?? [])) {
    addText(hash, 'env', name);
    addText(hash, 'value', value);
  }
  for (const file of [...(task.files ?? [])].sort((a, b) => compare(a.path, b.path))) {
    addText(hash, 'file', file.path);
    addText(hash, 'mode', String(file.mode ?? ''));
    addBytes(hash, 'data', asBytes(file.data));
  }
  addText(hash, 'cwd', task.cwd ?? '');
  if (task.stdin instanceof Uint8Array || typeof task.stdin === 'string') addBytes(hash, 'stdin', asBytes(task.stdin));
  for (const name of Object.keys(resourceLimits).sort() as (keyof EffectiveLimits)[]) {
    addText(hash, name, String(resourceLimits[name]));
  }
  addText(hash, 'output', `${mode} ${onOverflow}`);
  for (const pattern of task.collect ?? []) addText(hash, 'collect', pattern);
  addText(hash, 'require', task.require ?? 'any');
  return hash.digest('hex');
}

/** The last value of a variable counts, as it does for the process. */
function sortedByName(env: readonly (readonly [string, string])[]): (readonly [string, string])[] {
  return [...new Map(env)].sort(([a], [b]) => compare(a, b));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function asBytes(data: Uint8Array | string): Uint8Array {
  return typeof data === 'string' ? Buffer.from(data) : data;
}

function addText(hash: Hash, tag: string, text: string): void {
  addBytes(hash, tag, Buffer.from(text));
}

/** Tag and length come first, so that no two sequences of parts run together to the same bytes. */
function addBytes(hash: Hash, tag: string, bytes: Uint8Array): void {
  hash.update(`${tag}:${bytes.byteLength}:`);
  hash.update(bytes);
}
