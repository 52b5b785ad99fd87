import { execFileSync } from 'node:child_process';
import { closeSync, constants, existsSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ForkServerSupply, isForkServerKnown } from '../../../src/sandbox/fork-server/index.js';
import type { RunOrder, SandboxOrder } from '../../../src/sandbox/fork-server/orders.js';
import { openOutputPipe, type Pipe } from '../../../src/sandbox/pipe.js';
import { createKeepingLogger } from '../../support/logs.js';
import { isAlive } from '../../support/processes.js';
import { without } from '../../support/requirements.js';
import { useTemporaryFolder } from '../../support/temporary-folder.js';

const folder = useTemporaryFolder();
let supply: ForkServerSupply;
const pipes: Pipe<NodeJS.ReadableStream>[] = [];

beforeEach(() => {
  supply = new ForkServerSupply('/usr/bin/perl', {}, createKeepingLogger());
});

afterEach(async () => {
  await supply.close();
  for (const pipe of pipes.splice(0)) pipe.release();
});

function order(command: readonly [string, ...string[]], more: Partial<RunOrder> = {}): RunOrder {
  const [file] = command;
  const plain = { environment: {}, cwd: '/', directories: [], descriptors: [null, null, null], groups: null };
  return { file, argv: command, user: null, rlimits: null, ...plain, ...more };
}

/** Runs a command and gives back what it wrote and how it ended. */
async function run(command: readonly [string, ...string[]], more: Partial<RunOrder> = {}) {
  const fifo = join(folder(), `out-${pipes.length}`);
  execFileSync('mkfifo', [fifo]);
  const pipe = openOutputPipe(fifo);
  pipes.push(pipe);
  const forked = await supply.current.run(order(command, { descriptors: [null, pipe.childEnd, null], ...more }));
  closeSync(pipe.childEnd.fd);
  return { ...forked, stdout: await text(pipe.stream), exit: await forked.exited };
}

const SCHED_BATCH = 3;

/** The 41st field, see proc(5). */
function schedulingPolicy(stat: string): number {
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[41 - 3]);
}

/** Leaves a process, and tells its pid, that neither its session nor its environment gives away. */
const HIDING = ['/bin/sh', '-c', "setsid env -i sh -c '(sleep 600 < /dev/null > /dev/null 2>&1 & echo $!)'"] as const;

/** A sandbox that can only fail: what it is to be a copy of is none. */
function impossible(): SandboxOrder {
  const nowhere = { fd: openSync('/dev/null', 'r+'), flags: constants.O_WRONLY };
  const streams = { stdinFifo: '/dev/null', stdout: nowhere, stderr: nowhere, entrance: nowhere, filling: null };
  const shown = { tmpfs: [], privateDirectories: [], carriedOver: [], seccompFile: null, network: false };
  return { template: { serial: 1, fd: nowhere.fd }, ...streams, ...shown, groups: null, user: null };
}

describe.skipIf(without('perl') || without('mkfifo') || !isForkServerKnown)('the fork server', () => {
  it('hands on arguments and environment as they are, and nothing else', async () => {
    const odd = ['', ' two  words ', `'"$x\``, 'new\nline', 'ü€😀', '-n', '\u0001'];
    const printed = await run(['/usr/bin/printf', '[%s]', ...odd]);
    expect(printed.stdout).toBe(odd.map((argument) => `[${argument}]`).join(''));
    const environment = { 'a.b': 'c=d', EMPTY: '', PWD: '/elsewhere', OPTIND: 'x' };
    const { stdout } = await run(['/usr/bin/env', '-0'], { environment });
    expect(stdout.split('\0').filter(Boolean).sort()).toEqual(['EMPTY=', 'OPTIND=x', 'PWD=/elsewhere', 'a.b=c=d']);
  });

  it('refuses a NUL, which no command can be given', () => {
    expect(() => supply.current.run(order(['/bin/echo', 'a\0b']))).toThrow(/NUL/);
  });

  it('tells an exit code from a signal', async () => {
    expect((await run(['/bin/sh', '-c', 'exit 137'])).exit).toMatchObject({ exitCode: 137, signal: null });
    expect((await run(['/bin/sh', '-c', 'kill -KILL $$'])).exit).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
  });

  it('tells whether a command has left nobody, wherever those that it leaves have gone', async () => {
    const { exit } = await run(['/bin/sh', '-c', '(/bin/true; /bin/true) & wait']);
    expect(exit).toEqual({ exitCode: 0, signal: null, leftNobody: true });
    await supply.current.run(order(['/bin/sleep', '600']));
    const leaving = await run(HIDING);
    expect(leaving.exit.leftNobody).toBe(false);
    const orphan = Number(leaving.stdout);
    expect((await run(['/bin/true'])).exit.leftNobody).toBe(false);
    process.kill(orphan, 'SIGKILL');
    await expect.poll(() => isAlive(orphan)).toBe(false);
    expect((await run(['/bin/true'])).exit.leftNobody).toBe(true);
  });

  it('kills what commands have left when none runs any more, and when it ends', async () => {
    const orphan = Number((await run(HIDING)).stdout);
    await expect.poll(() => isAlive(orphan)).toBe(false);

    await supply.current.run(order(['/bin/sleep', '600']));
    const last = Number((await run(HIDING)).stdout);
    expect(isAlive(last)).toBe(true);
    await supply.close();
    expect(isAlive(last)).toBe(false);
  });

  it('starts a command as the leader of a session of its own, in its directory, which it makes', async () => {
    const directory = join(folder(), 'made');
    const { stdout, identity } = await run(['/bin/sh', '-c', 'pwd; cat /proc/self/stat'], {
      directories: [directory],
      cwd: directory,
    });
    const [cwd, stat = ''] = stdout.split('\n');
    expect(cwd).toBe(directory);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    const [, , group, session] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    expect([group, session]).toEqual([`${identity.pid}`, `${identity.pid}`]);
  });

  it('gives it the signal dispositions of a fresh process, and no descriptor but those that are passed on', async () => {
    const { stdout } = await run(['/bin/sh', '-c', 'ls /proc/self/fd; grep -E "^Sig(Ign|Blk)" /proc/self/status']);
    const [descriptors, signals] = stdout.split('SigBlk');
    const otherwise = execFileSync('ls', ['/proc/self/fd'], { encoding: 'utf8' });
    expect(descriptors).toBe(otherwise);
    expect(signals).toMatch(/^:\s+0{16}\nSigIgn:\s+0{16}\n$/);
  });

  it('passes descriptors on as 3 and what follows, more of them than it has itself', async () => {
    const fds = Array.from({ length: 12 }, () => openSync('/etc/passwd', 'r'));
    const descriptors = [null, null, null, ...fds.map((fd) => ({ fd, flags: 0 }))];
    const forked = await supply.current.run(
      order(['/bin/sh', '-c', 'cmp /proc/self/fd/3 /etc/passwd && cmp /proc/self/fd/14 /etc/passwd'], { descriptors }),
    );
    for (const fd of fds) closeSync(fd);
    expect((await forked.exited).exitCode).toBe(0);
  });

  it('sets rlimits', async () => {
    const rlimits = { openFiles: 55, fileSizeBytes: 1_024, cpuSeconds: { soft: 7, hard: 8 } };
    const { stdout } = await run(['/bin/sh', '-c', 'ulimit -n; ulimit -f; ulimit -St; ulimit -Ht; ulimit -c'], {
      rlimits,
    });
    expect(stdout).toBe('55\n2\n7\n8\n0\n');
  });

  it.skipIf(process.getuid?.() !== 0)('becomes another user, without groups', async () => {
    const user = { uid: 65_534, gid: 65_533 };
    const { stdout } = await run(['/bin/sh', '-c', 'id -u; id -g; id -G; grep CapEff /proc/self/status'], { user });
    expect(stdout).toMatch(/^65534\n65533\n65533\nCapEff:\s+0{16}\n$/);
  });

  it('joins cgroups before the command runs, and does not run it where it cannot', async () => {
    const joined = join(folder(), 'cgroup.procs');
    execFileSync('touch', [joined]);
    await run(['/bin/true'], { groups: { directories: [], writes: [], procsFiles: [joined] } });
    expect(readFileSync(joined, 'utf8')).toBe('0');
    const gone = join(folder(), 'gone', 'cgroup.procs');
    const ran = join(folder(), 'ran');
    const refused = supply.current.run(
      order(['/usr/bin/touch', ran], { groups: { directories: [], writes: [], procsFiles: [joined, gone] } }),
    );
    await expect(refused).rejects.toMatchObject({ code: 'cgroup_failed', details: { path: gone } });
    expect(existsSync(ran)).toBe(false);
  });

  it('makes cgroups and writes their limits before it joins them, and tells where it cannot', async () => {
    const [directory, limit] = [join(folder(), 'group'), join(folder(), 'limit')];
    writeFileSync(limit, '');
    const missing = join(directory, 'missing');
    const writes = [
      { path: limit, value: '-1', tolerated: [] },
      { path: missing, value: '2', tolerated: ['EINVAL', 'ENOENT'] },
    ];
    const groups = { directories: [directory], writes, procsFiles: [] };
    await run(['/bin/true'], { groups });
    expect([existsSync(directory), existsSync(missing), readFileSync(limit, 'utf8')]).toEqual([true, false, '-1']);

    const again = supply.current.run(order(['/bin/true'], { groups }));
    await expect(again).rejects.toMatchObject({ code: 'cgroup_failed', details: { path: directory, errno: 'EEXIST' } });
    const strict = { directories: [], writes: [{ path: missing, value: '3', tolerated: ['EINVAL'] }], procsFiles: [] };
    const refused = supply.current.run(order(['/bin/true'], { groups: strict }));
    await expect(refused).rejects.toMatchObject({
      code: 'cgroup_failed',
      message: `cannot write 3 to ${missing}: ENOENT`,
      details: { path: missing, errno: 'ENOENT' },
    });
  });

  it('tells of what cannot be executed as a shell would, and of what cannot be set up', async () => {
    const exitOf = async (file: string) => (await run([file])).exit.exitCode;
    expect(await exitOf('/no/such/program')).toBe(127);
    expect(await exitOf('/etc/passwd')).toBe(126);
    const nowhere = supply.current.run(order(['/bin/true'], { cwd: '/no/such/directory' }));
    await expect(nowhere).rejects.toMatchObject({ code: 'spawn_failed', details: { code: 'ENOENT' } });
    const unmade = supply.current.run(order(['/bin/true'], { directories: [folder()] }));
    await expect(unmade).rejects.toMatchObject({ code: 'no_workspace', message: expect.stringContaining('EEXIST') });
  });

  it('has a command wait for its turn, and not interrupt who is running', async () => {
    const { stdout } = await run(['/bin/cat', '/proc/self/stat']);
    expect(schedulingPolicy(stdout)).toBe(SCHED_BATCH);
    expect(schedulingPolicy(readFileSync('/proc/self/stat', 'latin1'))).not.toBe(SCHED_BATCH);
  });

  it('makes FIFOs that only this user may open, and tells where it cannot', async () => {
    await supply.current.makeFifos(folder(), ['a', 'b']);
    const made = statSync(join(folder(), 'b'));
    expect([made.isFIFO(), made.mode & 0o777]).toEqual([true, 0o600]);
    const again = supply.current.makeFifos(folder(), ['a']);
    await expect(again).rejects.toMatchObject({
      code: 'pipes_unavailable',
      message: expect.stringContaining('EEXIST'),
    });
  });

  it('takes what it has started with it, tells that they are gone, and is replaced', async () => {
    const forked = await supply.current.run(order(['/bin/sleep', '600']));
    const forkServer = Number(readFileSync(`/proc/${forked.identity.pid}/stat`, 'latin1').split(' ')[3]);
    process.kill(forkServer, 'SIGKILL');
    expect(await forked.exited).toEqual({ exitCode: null, signal: 'SIGKILL', leftNobody: false });
    await expect.poll(() => isAlive(forked.identity.pid)).toBe(false);
    expect((await run(['/bin/echo', 'again'])).stdout).toBe('again\n');
  });

  it('gives a command an output pipe that holds more than one block', async () => {
    const F_GETPIPE_SZ = 1032;
    const { stdout } = await run(['/usr/bin/perl', '-e', `print fcntl(STDOUT, ${F_GETPIPE_SZ}, 0)`]);
    expect(Number(stdout)).toBe(262_144);
  });

  it('tells why a sandbox cannot be made, and that nothing of it is there', async () => {
    const order = impossible();
    const make = () => supply.current.makeSandbox(order, () => {});
    const [sandbox, another] = [make(), make()];
    const why = {
      code: 'sandbox_failed',
      message: expect.stringContaining('the user namespace of the template: ENOTTY'),
    };
    await expect(sandbox.prepared()).rejects.toMatchObject(why);
    // It may have been asked for when what was to make both had just failed.
    const alike = { code: why.code, message: expect.stringMatching(/ENOTTY|the zygote of sandboxes: ESRCH/) };
    await expect(another.prepared()).rejects.toMatchObject(alike);
    expect(await sandbox.ended).toEqual({ exitCode: null, signal: null, leftNobody: true });
    const command = { file: '/bin/true', argv: ['true'], environment: {}, cwd: '/', stdin: 'none' } as const;
    const rlimits = { openFiles: 64, fileSizeBytes: 512, cpuSeconds: { soft: 1, hard: 2 } };
    await expect(sandbox.run({ ...command, rlimits })).rejects.toMatchObject(why);
    closeSync(order.template.fd);
  });

  it('runs many at once, and mixes none up', async () => {
    const codes = Array.from({ length: 100 }, (_, index) => index);
    const ends = codes.map(async (code) => {
      const forked = await supply.current.run(order(['/bin/sh', '-c', `exit ${code}`]));
      return (await forked.exited).exitCode;
    });
    expect(await Promise.all(ends)).toEqual(codes);
  });
});
