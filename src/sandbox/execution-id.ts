import { SandboxError } from './errors.js';

/**
 * Makes sure that an execution id can name directories and stand in the environment of the task, and is nobody else's.
 * @throws SandboxError kind `validation` for one that cannot, `sandbox` for one that is in use
 */
export function checkExecutionId(executionId: string, isInUse: (executionId: string) => boolean): void {
  const details = { field: 'executionId', value: executionId };
  if (!/^[\w-]{1,128}$/.test(executionId)) {
    const message = `executionId: ${JSON.stringify(executionId)} has to be 1 to 128 letters, digits, '_' or '-'`;
    throw new SandboxError('validation', 'invalid_execution_id', message, details);
  }
  if (!isInUse(executionId)) return;
  const message = `executionId: ${executionId} is that of another container, which has not been cleaned up`;
  throw new SandboxError('sandbox', 'execution_id_in_use', message, details);
}
