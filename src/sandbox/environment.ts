import { EXECUTION_MARKER, INSTANCE_MARKER } from './process-markers.js';

export interface EnvironmentOptions {
  /** As given by the task: it overrides everything but the markers; the last of equal names wins. */
  readonly given: readonly (readonly [string, string])[];
  readonly path: string;
  readonly workspace: string;
  readonly temporaryDirectory: string;
  readonly instanceId: string;
  readonly executionId: string;
}

/**
 * The whole environment of a task: PATH, HOME (the workspace), TMPDIR (private to the task, outside the workspace),
 * LANG, what the task gives, and the markers by which its processes are found. Nothing of the sidecar's own.
 */
export function taskEnvironment(options: EnvironmentOptions): Record<string, string> {
  const environment: Record<string, string> = Object.create(null);
  environment.PATH = options.path;
  environment.HOME = options.workspace;
  environment.TMPDIR = options.temporaryDirectory;
  environment.LANG = 'C.UTF-8';
  for (const [name, value] of options.given) environment[name] = value;
  environment[INSTANCE_MARKER] = options.instanceId;
  environment[EXECUTION_MARKER] = options.executionId;
  return environment;
}
