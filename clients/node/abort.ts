interface Registration {
  readonly callbacks: Set<() => void>;
  readonly listener: () => void;
}

const registrations = new WeakMap<AbortSignal, Registration>();

/**
 * Calls `callback` when `signal` aborts; not where it has aborted before. However many tasks share a signal, they put
 * one listener on it, so that Node does not warn of a leak.
 *
 * @returns what takes the callback back
 */
export function onAbort(signal: AbortSignal | undefined, callback: () => void): () => void {
  if (!signal) return () => {};
  const { callbacks, listener } = registrations.get(signal) ?? register(signal);
  const entry = () => callback();
  callbacks.add(entry);
  return () => {
    if (!callbacks.delete(entry) || callbacks.size > 0) return;
    signal.removeEventListener('abort', listener);
    registrations.delete(signal);
  };
}

function register(signal: AbortSignal): Registration {
  const callbacks = new Set<() => void>();
  const listener = () => {
    for (const callback of callbacks) callback();
  };
  const registration = { callbacks, listener };
  signal.addEventListener('abort', listener, { once: true });
  registrations.set(signal, registration);
  return registration;
}
