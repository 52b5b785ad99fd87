/**
 * Calls a listener of the caller, if there is one. What it throws, or rejects with, never reaches the client: it is
 * reported as a process warning with code `EXEC_SIDECAR_LISTENER`.
 */
export function notify<T>(listener: ((value: T) => unknown) | undefined, value: T): void {
  try {
    const outcome = listener?.(value);
    if (outcome instanceof Promise) outcome.catch(report);
  } catch (error) {
    report(error);
  }
}

/** Listeners to one kind of event, called in the order in which they were added. */
export class Listeners<T> {
  readonly #listeners = new Set<{ readonly call: (value: T) => unknown }>();

  /** Adds a listener and returns what removes it again. */
  add(listener: (value: T) => unknown): () => void {
    const entry = { call: listener };
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  }

  notify(value: T): void {
    for (const { call } of this.#listeners) notify(call, value);
  }
}

function report(error: unknown): void {
  process.emitWarning(`A listener threw: ${error instanceof Error ? error.message : String(error)}`, {
    type: 'ExecSidecarWarning',
    code: 'EXEC_SIDECAR_LISTENER',
    ...(error instanceof Error && error.stack !== undefined ? { detail: error.stack } : {}),
  });
}
