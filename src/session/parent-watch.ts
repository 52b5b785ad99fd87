const POLL_MS = 1_000;

/**
 * Calls back once, when the process that has started this one has ended. That is a hint and no more: it need not have
 * been the host. Ends when it is disposed of, and does not keep the process alive.
 */
export function watchParent(onEnded: () => void): Disposable {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    onEnded();
  }, POLL_MS).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
