import type { TaskResult } from '../../protocol/index.js';

/** What a result weighs beside its output and files: an estimate of the record itself. */
const RECORD_BYTES = 1_024;

/** About how many bytes a result holds, in memory or in a frame. */
export function resultWeight(result: TaskResult): number {
  const files = result.files.reduce((sum, file) => sum + file.path.length + file.data.byteLength, 0);
  return RECORD_BYTES + result.stdout.byteLength + result.stderr.byteLength + files;
}
