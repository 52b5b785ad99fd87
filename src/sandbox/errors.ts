import type { ErrorKind } from '../../protocol/index.js';

/** What went wrong before or around a command, as opposed to how the command itself ended. */
export class SandboxError extends Error {
  override readonly name = 'SandboxError';
  readonly kind: Extract<ErrorKind, 'validation' | 'security' | 'execution' | 'sandbox'>;
  /** A short stable name of the cause, such as `command_not_found`. */
  readonly code: string;
  readonly details: Record<string, unknown>;

  constructor(
    kind: SandboxError['kind'],
    code: string,
    message: string,
    details: Record<string, unknown> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.kind = kind;
    this.code = code;
    this.details = details;
  }
}

/** That a container is to run a second command, or one after it was cleaned up. */
export function containerUsed(id: string): SandboxError {
  return new SandboxError('sandbox', 'container_used', `container ${id} runs one command, and has had it`);
}
