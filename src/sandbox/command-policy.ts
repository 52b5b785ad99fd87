import { posix } from 'node:path';
import { isDangerousCommand } from './dangerous-command.js';
import { SandboxError } from './errors.js';
import { type CommandLine, reachedCommands } from './reached-commands.js';

export { isDangerousCommand };

/**
 * Which commands are refused. In a pattern `*` stands for any characters. One without a slash is a command name: in
 * `deny` it holds for that name in every directory, in `allow` only for a bare name that is looked up in PATH. One
 * with a slash is a path, as the task gives it.
 */
export interface CommandPolicy {
  /** Where it is given, only these commands are run. */
  readonly allow?: readonly string[] | undefined;
  /** These commands are refused besides the built-in ones, also where `allow` names them. */
  readonly deny?: readonly string[] | undefined;
}

/**
 * Refuses a command that the policy or the built-in list of dangerous commands denies.
 *
 * This is a guard rail against accidents, not a boundary: it sees the command, and the obvious ways in which a command
 * starts another (`env`, `sudo`, `sh -c`), but not what a script or a program does. The boundary is the sandbox.
 * @throws SandboxError kind `security`, naming the command, the rule and the setting
 */
export function checkCommandPolicy(command: string, args: readonly string[], policy: CommandPolicy): void {
  const danger = isDangerousCommand(command, args);
  if (danger !== null) {
    const detail = `is on the built-in list of dangerous commands (rule ${danger}), which no setting lifts`;
    throw refusal(command, 'dangerous_command', detail, danger);
  }
  for (const reached of reachedCommands(command, args)) {
    const rule = policy.deny?.find((pattern) => isDenied(reached, pattern));
    if (rule === undefined) continue;
    throw refusal(command, 'denied_command', `is denied (rule ${rule} of the setting commandPolicy.deny)`, rule);
  }
  if (policy.allow === undefined || policy.allow.some((pattern) => matches(command, pattern))) return;
  throw refusal(command, 'command_not_allowed', 'is not among those that the setting commandPolicy.allow lists', null);
}

function isDenied({ command }: CommandLine, pattern: string): boolean {
  return matches(pattern.includes('/') ? command : posix.basename(command), pattern);
}

function matches(text: string, pattern: string): boolean {
  const expression = pattern.split('*').map(escapeExpression).join('.*');
  return new RegExp(`^${expression}$`, 's').test(text);
}

function escapeExpression(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

function refusal(command: string, code: string, what: string, rule: string | null): SandboxError {
  return new SandboxError('security', code, `command: ${JSON.stringify(command)} ${what}`, { command, rule });
}
