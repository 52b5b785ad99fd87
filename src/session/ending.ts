import type { Shutdown } from '../../protocol/index.js';
import { EXIT_CODES, ProtocolFault } from '../../protocol/wire.js';

/** Why a session ends. */
export type Ending =
  | { readonly kind: 'shutdown'; readonly request: Shutdown }
  | { readonly kind: 'eof' }
  | { readonly kind: 'gone' }
  | { readonly kind: 'terminated'; readonly signal: string }
  | { readonly kind: 'fault'; readonly fault: ProtocolFault }
  | { readonly kind: 'internal'; readonly error: unknown };

/** The ending that an error of the reader stands for. */
export function endingOf(error: unknown): Ending {
  return error instanceof ProtocolFault ? { kind: 'fault', fault: error } : { kind: 'internal', error };
}

/** The exit code that tells the host why. */
export function exitCodeOf(ending: Ending): number {
  switch (ending.kind) {
    case 'shutdown':
    case 'eof':
    case 'gone':
      return EXIT_CODES.clean;
    case 'terminated':
      return EXIT_CODES.terminated;
    case 'fault':
      return ending.fault.code === 'invalid_config' ? EXIT_CODES.configuration : EXIT_CODES.protocolFault;
    case 'internal':
      return EXIT_CODES.internal;
  }
}

/** What `bye` gives as the reason. */
export function reasonOf(ending: Ending): string {
  switch (ending.kind) {
    case 'shutdown':
      return `shutdown ${ending.request.mode}`;
    case 'terminated':
      return ending.signal;
    case 'eof':
      return 'end of stdin';
    case 'gone':
      return 'stdout closed';
    case 'fault':
      return ending.fault.code;
    case 'internal':
      return 'internal error';
  }
}
