import type { ChildOptions } from './child.js';

/** Certificates that Node reads at every start, for TLS: some hundred of them take it longer than all the rest. */
const UNUSED = 'NODE_EXTRA_CA_CERTS';

/**
 * The environment that a sidecar starts with: what the caller gives is the whole of it, else it is that of the host. The
 * sidecar of this package speaks no TLS, and is spared the variable that makes Node ready for it; what another
 * executable does is not known, and it gets all.
 */
export function environmentOf({ env, executable }: ChildOptions): NodeJS.ProcessEnv {
  if (env !== undefined || executable !== undefined) return env ?? process.env;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => name !== UNUSED));
}
