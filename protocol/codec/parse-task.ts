import { type Task, taskSchema } from '../schemas/task.js';
import { describeIssues, firstField, withReasons } from './issues.js';

/** A Task, or what is wrong with it: `field` is the path of the first wrong field, empty where it is no map at all. */
export type ParsedTask =
  | { readonly ok: true; readonly task: Task }
  | { readonly ok: false; readonly message: string; readonly field: string };

/**
 * Checks the body of a `submit`, or an element of a `submitBatch`. The message names the field, the bound and the value:
 * `limits.timeoutMs: must be an integer >= 1, got -5`. Unknown fields are ignored, other
 * than in `limits`.
 */
export function parseTask(body: unknown): ParsedTask {
  const parsed = taskSchema.safeParse(body, withReasons);
  if (parsed.success) {
    return { ok: true, task: parsed.data };
  }
  const field = firstField(parsed.error);
  return { ok: false, message: describeIssues(parsed.error, field === '' ? 'task' : ''), field };
}
