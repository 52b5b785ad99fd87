import * as z from 'zod';
import { count } from './primitives.js';

/** The class of bounded resource that a limit belongs to. */
export const limitCategorySchema = z.enum(['queue', 'resource', 'memory', 'cpu']);
export type LimitCategory = z.infer<typeof limitCategorySchema>;

/** `near`: filled to 80 % or more; `exhausted`: the limit struck; `recovered`: drained to 50 % or less. */
export const limitWarningKindSchema = z.enum(['near', 'exhausted', 'recovered']);
export type LimitWarningKind = z.infer<typeof limitWarningKindSchema>;

/** The unit of `observed` and `capacity`. */
export const limitUnitSchema = z.enum(['items', 'bytes', 'ms', 'processes', 'files', 'tasks']);
export type LimitUnit = z.infer<typeof limitUnitSchema>;

/**
 * A limit that is nearly reached, reached, or left again.
 *
 * - `limit`: its stable name in the catalogue.
 * - `fillPercent`: floor(observed × 100 / capacity).
 * - `scope`: `sidecar`, or the execution id of the task whose limit it is.
 * - `seq`: rises by one with each warning of a sidecar, so that gaps (conflated warnings) can be seen.
 * - `at`: when, in ms since the Unix epoch.
 * - `configKey`: the setting or task field that raises the limit.
 */
export const limitWarningSchema = z.object({
  limit: z.string(),
  category: limitCategorySchema,
  observed: count,
  capacity: count,
  fillPercent: count,
  kind: limitWarningKindSchema,
  unit: limitUnitSchema,
  scope: z.string(),
  seq: count,
  at: count,
  configKey: z.string(),
});
export type LimitWarning = z.infer<typeof limitWarningSchema>;
