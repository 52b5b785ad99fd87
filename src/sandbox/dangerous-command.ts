import { posix } from 'node:path';
import { type CommandLine, reachedCommands } from './reached-commands.js';

/** Commands that are refused whatever their arguments are. */
const DANGEROUS_NAMES = new Set([
  ...['mount', 'umount', 'pivot_root', 'switch_root', 'chroot', 'swapon', 'swapoff'],
  ...['reboot', 'shutdown', 'halt', 'poweroff', 'init', 'telinit', 'kexec'],
  ...['fdisk', 'sfdisk', 'cfdisk', 'gdisk', 'sgdisk', 'parted', 'wipefs', 'blkdiscard'],
  ...['insmod', 'rmmod', 'modprobe'],
]);

const SYSTEMD_VERBS = new Set(['halt', 'poweroff', 'reboot', 'kexec', 'soft-reboot', 'suspend', 'hibernate']);

/**
 * Whether a command line is one that takes down, reconfigures or wipes a machine, itself or through the obvious
 * wrappers. Returns the rule that says so, or null. A program in a relative path is the task's own, whatever its name.
 */
export function isDangerousCommand(command: string, args: readonly string[]): string | null {
  for (const reached of reachedCommands(command, args)) {
    const rule = dangerOf(reached);
    if (rule !== null) return rule;
  }
  return null;
}

function dangerOf({ command, args }: CommandLine): string | null {
  if (command.includes('/') && !command.startsWith('/')) return null;
  const name = posix.basename(command);
  if (DANGEROUS_NAMES.has(name)) return name;
  if (name === 'mkfs' || name.startsWith('mkfs.')) return 'mkfs*';
  if (name === 'dd' && args.some((argument) => argument.startsWith('of=') && isDevice(argument.slice(3)))) {
    return 'dd of=<device>';
  }
  if (name === 'shred' && args.some(isDevice)) return 'shred <device>';
  if (name === 'systemctl' && args.some((argument) => SYSTEMD_VERBS.has(argument))) return 'systemctl <power>';
  if (name === 'rm' && removesRoot(args)) return 'rm -rf /';
  return null;
}

const HARMLESS_DEVICES = /^\/dev\/(null|zero|full|tty|stdin|stdout|stderr|fd\/.*|shm\/.*|pts\/.*)$/;

function isDevice(path: string): boolean {
  const normal = posix.normalize(path);
  return normal.startsWith('/dev/') && !HARMLESS_DEVICES.test(normal);
}

function removesRoot(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  const options = args.slice(0, end === -1 ? undefined : end).filter((argument) => argument.startsWith('-'));
  if (options.includes('--no-preserve-root')) return true;
  const recursive = options.some((option) => option === '--recursive' || /^-[a-zA-Z]*[rR]/.test(option));
  const operands = args.filter((argument, index) => !argument.startsWith('-') || (end !== -1 && index > end));
  return recursive && operands.some((operand) => ROOTS.has(posix.normalize(operand)));
}

/** What names everything there is. */
const ROOTS = new Set(['/', '/*', '/.*', '/*/', '/**']);
