import { isAbsolute } from 'node:path';
import type { EffectiveLimits } from '../../../protocol/index.js';
import { checkArgumentSize } from '../argument-size.js';
import type { CommandSpec } from '../backend.js';
import { resolveCwd, resolveCwdInside } from '../cwd.js';
import { taskEnvironment } from '../environment.js';
import { inspectExecutable } from '../executable.js';
import type { SandboxCommand } from '../fork-server/index.js';
import { isInside } from '../inside.js';
import { rlimitsOf } from '../rlimits.js';
import type { BubblewrapContext } from './context.js';
import { findOrExplain } from './hidden-command.js';
import { hostPathOf, TEMPORARY, WORKSPACE } from './layout.js';

export interface SandboxCommandOptions {
  readonly spec: CommandSpec;
  readonly limits: EffectiveLimits;
  readonly executionId: string;
  /** Where the sidecar finds the workspace, with the files of the task in it. */
  readonly workspace: string;
}

/**
 * What a sandbox is to run for a task, once it is known that there is such a command.
 * @throws SandboxError kind `execution` where the command cannot be run, kind `validation` for a cwd outside
 */
export async function sandboxCommand(
  { spec, limits, executionId, workspace }: SandboxCommandOptions,
  { instance, layout, path, provided, allowedCwd }: BubblewrapContext,
): Promise<SandboxCommand> {
  const cwd = await startDirectory(spec.cwd, workspace, allowedCwd);
  const environment = taskEnvironment({
    given: spec.env,
    path,
    workspace: WORKSPACE,
    temporaryDirectory: TEMPORARY,
    instanceId: instance.id,
    executionId,
  });
  const hostPath = (inside: string) => hostPathOf(layout, provided, workspace, inside);
  const find = () => inspectExecutable(spec.command, environment.PATH ?? '', cwd, hostPath);
  const file = findOrExplain(spec.command, find);
  const argv = [spec.command, ...spec.args];
  await checkArgumentSize(argv, environment);
  return { file, argv, environment, cwd, stdin: spec.stdin, rlimits: rlimitsOf(limits) };
}

function startDirectory(cwd: string | undefined, workspace: string, allowedCwd: readonly string[]): Promise<string> {
  const isElsewhere = cwd !== undefined && isAbsolute(cwd) && !isInside(WORKSPACE, cwd);
  if (isElsewhere) return resolveCwd(WORKSPACE, cwd, allowedCwd);
  return resolveCwdInside({ path: workspace, seenAs: WORKSPACE }, cwd, allowedCwd);
}
