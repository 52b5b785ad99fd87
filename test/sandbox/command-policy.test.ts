import { describe, expect, it } from 'vitest';
import { checkCommandPolicy, isDangerousCommand, SandboxError } from '../../src/sandbox/index.js';

describe('a dangerous command', () => {
  it.each<[string, string[], string]>([
    ['mkfs', ['/dev/sda1'], 'mkfs*'],
    ['mkfs.ext4', [], 'mkfs*'],
    ['/usr/sbin/mkfs.xfs', [], 'mkfs*'],
    ['mount', ['/dev/sda1', '/mnt'], 'mount'],
    ['umount', ['-a'], 'umount'],
    ['/sbin/reboot', [], 'reboot'],
    ['shutdown', ['-h', 'now'], 'shutdown'],
    ['init', ['0'], 'init'],
    ['chroot', ['/'], 'chroot'],
    ['swapoff', ['-a'], 'swapoff'],
    ['modprobe', ['x'], 'modprobe'],
    ['systemctl', ['--force', 'reboot'], 'systemctl <power>'],
    ['dd', ['if=/dev/zero', 'of=/dev/sda', 'bs=1M'], 'dd of=<device>'],
    ['dd', ['of=/tmp/../dev/nvme0n1'], 'dd of=<device>'],
    ['shred', ['-n', '1', '/dev/sdb'], 'shred <device>'],
    ['rm', ['-rf', '/'], 'rm -rf /'],
    ['rm', ['-r', '-f', '/'], 'rm -rf /'],
    ['rm', ['-fR', '//'], 'rm -rf /'],
    ['rm', ['--recursive', '--force', '/*'], 'rm -rf /'],
    ['rm', ['-rf', '--', '/./'], 'rm -rf /'],
    ['rm', ['-rf', 'x', '/tmp/..'], 'rm -rf /'],
    ['rm', ['--no-preserve-root', '-rf', 'x'], 'rm -rf /'],
    ['env', ['-u', 'X', 'A=1', 'reboot'], 'reboot'],
    ['sudo', ['-u', 'root', 'nice', '-n', '5', 'mkfs.ext4', '/dev/sda'], 'mkfs*'],
    ['timeout', ['-s', 'KILL', '10', 'umount', '/'], 'umount'],
    ['busybox', ['reboot'], 'reboot'],
    ['sh', ['-c', 'echo hi; reboot'], 'reboot'],
    ['/bin/bash', ['-ec', 'cd /tmp && A=1 sudo rm -rf /*'], 'rm -rf /'],
    ['sh', ['-c', 'if true; then "mount" /x; fi'], 'mount'],
    ['sh', ['-c', "sh -c 'poweroff'"], 'poweroff'],
  ])('is %s %j', (command, args, rule) => {
    expect(isDangerousCommand(command, args)).toBe(rule);
  });

  it.each<[string, string[]]>([
    ['echo', ['reboot']],
    ['./mount', []],
    ['bin/init', []],
    ['mountpoint', ['/']],
    ['mkfsx', []],
    ['dd', ['if=/dev/sda', 'of=/dev/null']],
    ['dd', ['of=image.bin']],
    ['shred', ['file']],
    ['rm', ['-rf', '/tmp/x']],
    ['rm', ['-f', '/']],
    ['rm', ['-rf', './', '*']],
    ['rm', ['--', '-rf', '/']],
    ['systemctl', ['status', 'ssh']],
    ['sh', ['-c', 'echo "please reboot"']],
    ['sh', ['script', '-c', 'x']],
    ['env', ['A=1']],
    ['constructor', ['mount']],
    ['', []],
  ])('is not %s %j', (command, args) => {
    expect(isDangerousCommand(command, args)).toBeNull();
  });

  it('is refused with the command, the rule and where it stands', () => {
    expect(() => checkCommandPolicy('sudo', ['reboot'], {})).toThrow(SandboxError);
    expect(errorOf('sudo', ['reboot'], {})).toMatchObject({
      kind: 'security',
      code: 'dangerous_command',
      message: 'command: "sudo" is on the built-in list of dangerous commands (rule reboot), which no setting lifts',
      details: { command: 'sudo', rule: 'reboot' },
    });
    expect(errorOf('reboot', [], { allow: ['reboot'] })).toMatchObject({ code: 'dangerous_command' });
  });
});

describe('the deny list', () => {
  it('refuses its commands by name, in every directory and behind wrappers', () => {
    const policy = { deny: ['curl', 'nc*', '/opt/*/tool'] };
    for (const command of ['curl', '/usr/bin/curl', './curl', 'nc', 'ncat', '/opt/a/b/tool']) {
      expect(errorOf(command, [], policy)).toMatchObject({ kind: 'security', code: 'denied_command' });
    }
    expect(errorOf('sh', ['-c', 'x=1 curl example.org'], policy)?.message).toContain(
      'rule curl of the setting commandPolicy.deny',
    );
    for (const command of ['curlx', 'tool', 'echo']) expect(errorOf(command, [], policy)).toBeNull();
  });

  it('takes nothing but * as special', () => {
    expect(errorOf('aXb', [], { deny: ['a.b'] })).toBeNull();
    expect(errorOf('a+(b)', [], { deny: ['a+(b)'] })).not.toBeNull();
  });
});

describe('the allow list', () => {
  it('refuses every other command, also those of the same name in another place', () => {
    const policy = { allow: ['python3*', '/opt/tools/*'] };
    for (const command of ['python3', 'python3.12', '/opt/tools/x']) expect(errorOf(command, [], policy)).toBeNull();
    for (const command of ['node', './python3', '/tmp/python3', '/opt/x']) {
      expect(errorOf(command, [], policy)).toMatchObject({
        code: 'command_not_allowed',
        message: expect.stringContaining('commandPolicy.allow'),
      });
    }
  });

  it('does not lift the deny list', () => {
    expect(errorOf('curl', [], { allow: ['*'], deny: ['curl'] })).toMatchObject({ code: 'denied_command' });
    expect(errorOf('wget', [], { allow: ['*'], deny: ['curl'] })).toBeNull();
  });

  it('allows nothing where it is empty', () => {
    expect(errorOf('true', [], { allow: [] })).not.toBeNull();
  });
});

function errorOf(
  command: string,
  args: string[],
  policy: Parameters<typeof checkCommandPolicy>[2],
): SandboxError | null {
  try {
    checkCommandPolicy(command, args, policy);
    return null;
  } catch (error) {
    return error as SandboxError;
  }
}
