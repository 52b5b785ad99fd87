import * as z from 'zod';
import { MAX_LABEL_CHARACTERS } from '../constants.js';
import { taskLimitsSchema } from './limits.js';
import { bytesOrText, cString, integer, mapOf, positive } from './primitives.js';

/** A file to be put into the workspace before the command starts. `mode` is the permission bits (default 0o644). */
export const taskFileSchema = z.object({
  path: cString.min(1),
  data: bytesOrText,
  mode: integer(0, 0o777).optional(),
});
export type TaskFile = z.infer<typeof taskFileSchema>;

const environmentName = cString.min(1).refine((name) => !name.includes('='), { error: "must not contain '='" });

/** How the output of a task reaches the host, and what happens at `limits.outputBytes`. */
export const outputOptionsSchema = z.object({
  mode: z.enum(['collect', 'stream', 'discard']).default('collect'),
  onOverflow: z.enum(['kill', 'truncate']).default('kill'),
});
export type OutputOptions = z.infer<typeof outputOptionsSchema>;

/**
 * A task: one command with everything that it needs.
 *
 * - `command`: a name that is looked up in the task's PATH, or a path.
 * - `cwd`: relative to the workspace; absolute only where the policy allows it.
 * - `stdin`: given whole, or `{stream: true}` for `stdin` frames; empty where left out.
 * - `limits`: an unknown one is refused, since it would not hold.
 * - `priority`: −100 to 100, higher first; 0 where left out.
 * - `collect`: paths or globs in the workspace whose files the result returns.
 * - `require`: `kernel` refuses to run where a limit would only be sampled.
 * - `cache`: answer from an earlier equal task that succeeded, where there is one.
 * - `usageEventsMs`: send a `usage` frame this often, in ms.
 */
export const taskSchema = z.object({
  command: cString.min(1),
  args: z.array(cString).optional(),
  env: z.array(z.tuple([environmentName, cString])).optional(),
  files: z.array(taskFileSchema).optional(),
  cwd: cString.min(1).optional(),
  stdin: z
    .union([bytesOrText, z.object({ stream: z.literal(true) })], { error: 'must be bin, str or {stream: true}' })
    .optional(),
  priority: integer(-100, 100).optional(),
  limits: mapOf(taskLimitsSchema.strict()).optional(),
  output: mapOf(outputOptionsSchema.partial()).optional(),
  collect: z.array(cString.min(1)).optional(),
  require: z.enum(['any', 'kernel']).optional(),
  cache: z.boolean().optional(),
  usageEventsMs: positive.optional(),
  label: z.string().max(MAX_LABEL_CHARACTERS).optional(),
});
export type Task = z.infer<typeof taskSchema>;

/** The signals that a host may send to a task. */
export const signalNameSchema = z.enum([
  'SIGABRT',
  'SIGALRM',
  'SIGCONT',
  'SIGHUP',
  'SIGINT',
  'SIGKILL',
  'SIGPIPE',
  'SIGQUIT',
  'SIGSTOP',
  'SIGTERM',
  'SIGTSTP',
  'SIGUSR1',
  'SIGUSR2',
  'SIGWINCH',
]);
export type SignalName = z.infer<typeof signalNameSchema>;
