import { describe, expect, it } from 'vitest';
import { adviseBubblewrap } from '../../../src/sandbox/bubblewrap/advice.js';
import { type MachineOptions, machine } from '../support/machines.js';

const advise = (reason: string, options: MachineOptions = {}) =>
  adviseBubblewrap({ backend: 'bubblewrap', ok: false, reason }, machine(options));
const PERMISSION = 'the sandbox could not be made: bwrap: setting up uid map: Permission denied';

describe('the advice for bubblewrap', () => {
  it('is none where it works, whatever else is set', () => {
    const settings = { 'kernel.unprivileged_userns_clone': '0' };
    expect(adviseBubblewrap({ backend: 'bubblewrap', ok: true }, machine({ settings }))).toEqual([]);
  });

  it('is to use Linux elsewhere', () => {
    expect(advise('it needs Linux', { platform: 'darwin' })).toEqual([expect.stringContaining('on Linux')]);
  });

  it.each([
    ['bwrap is not installed (package bubblewrap)', /`apt-get install bubblewrap`/],
    ['setpriv of util-linux is not installed, and tasks never run as root', /`apt-get install util-linux`/],
    ['awk is not installed', /`apt-get install mawk`/],
    ['mkfifo is not installed (package coreutils)', /`apt-get install coreutils`/],
    ['there is no /bin/sh', /an image that has a shell/],
    ['the setting sandboxUid is 0, and tasks never run as root', /sandboxUid.*65534/],
    ['the sandbox could not be made: bwrap: Unknown option --size', /bwrap 0\.7\.0 or newer/],
    ['the sandbox could not be made: bwrap: The --size option is not permitted in setuid mode', /chmod u-s/],
    ['a command that kills itself was seen to end with {"exitCode":137,"signal":null}', /gawk/],
  ])('names the package, or the remedy, for %j', (reason, remedy) => {
    expect(advise(reason)).toEqual([expect.stringMatching(remedy)]);
  });

  it.each([
    ['kernel.unprivileged_userns_clone', '0', '1'],
    ['user.max_user_namespaces', '0', '15000'],
    ['user.max_net_namespaces', '0', '15000'],
  ])('names the setting %s where it is %s, and how to keep it', (setting, forbidding, allowing) => {
    const [step, ...more] = advise(PERMISSION, { settings: { [setting]: forbidding } });
    expect(step).toContain(`sysctl -w ${setting}=${allowing}`);
    expect(step).toContain(`\`${setting} = ${allowing}\` in /etc/sysctl.d/`);
    expect(more).toEqual([]);
    expect(advise(PERMISSION, { settings: { [setting]: allowing } })[0]).not.toContain('sysctl');
  });

  it('prefers an AppArmor profile of bwrap alone to allowing namespaces to all programs', () => {
    const [step] = advise(PERMISSION, { settings: { 'kernel.apparmor_restrict_unprivileged_userns': '1' } });
    expect(step).toMatch(/profile bwrap \/usr\/bin\/bwrap flags=\(unconfined\).*userns,.*\/etc\/apparmor\.d\/bwrap/);
    expect(step).toMatch(/apparmor_parser -r.*; or .*sysctl -w kernel\.apparmor_restrict_unprivileged_userns=0/);
  });

  it('names every setting that stands in the way, on the host where this is a container', () => {
    const settings = { 'kernel.unprivileged_userns_clone': '0', 'user.max_user_namespaces': '0' };
    const steps = advise(PERMISSION, { settings, isContainer: true });
    expect(steps.length).toBe(2);
    for (const step of steps) expect(step).toContain('on the host of this container');
  });

  it('asks for another kernel where this one has no user namespaces', () => {
    expect(advise(PERMISSION, { hasUserNamespaces: false })).toEqual([expect.stringContaining('CONFIG_USER_NS')]);
  });

  it('names what a container engine has to allow where no setting stands in the way', () => {
    for (const isContainer of [true, false]) {
      const [step] = advise('the sandbox could not be made: bwrap: Operation not permitted', { isContainer });
      expect(step).toMatch(/seccomp=unconfined.*apparmor=unconfined.*systempaths=unconfined/);
    }
  });
});
