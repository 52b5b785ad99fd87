import { SandboxError } from './errors.js';

/**
 * Makes sure that an execution id can name directories and stand in the environment of the task.
 * @throws SandboxError kind `validation`
 */
export function checkExecutionId(executionId: string): void {
  if (/^[\w-]{1,128}$/.test(executionId)) return;
  throw new SandboxError(
    'validation',
    'invalid_execution_id',
    `executionId: ${JSON.stringify(executionId)} has to be 1 to 128 letters, digits, '_' or '-'`,
    { field: 'executionId', value: executionId },
  );
}

/** What is thrown where another container has the id. */
export function idInUse(executionId: string): SandboxError {
  const message = `executionId: ${executionId} is in use by another container`;
  return new SandboxError('sandbox', 'id_in_use', message, { field: 'executionId', value: executionId });
}
