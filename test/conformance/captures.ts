/** What earlier frames of a transcript have told, by name. */
export type Captures = Map<string, unknown>;

/** @throws RangeError where nothing was captured under that name */
export function captured(captures: ReadonlyMap<string, unknown>, name: string): unknown {
  if (!captures.has(name)) throw new RangeError(`nothing was captured as ${JSON.stringify(name)}`);
  return captures.get(name);
}
