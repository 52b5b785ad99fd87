import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../support/directories.js';
import { script, TestSandbox } from '../support/sandbox.js';
import { openBubblewrap, WAYS, withoutBubblewrap } from './support.js';

describe.skipIf(withoutBubblewrap).each(WAYS)('a task in a sandbox that $way', ({ tools }) => {
  let sandbox: TestSandbox;
  beforeAll(async () => {
    sandbox = await openBubblewrap(tools);
  });
  afterAll(() => sandbox?.[Symbol.asyncDispose]());

  const output = async (source: string) => (await sandbox.run(script(source))).stdout;

  it('is not root and has no capabilities', async () => {
    expect(await output('id -u')).not.toBe('0\n');
    const status = await output('cat /proc/self/status');
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
      expect(status).toMatch(new RegExp(`^${set}:\\s+0+$`, 'm'));
    expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
    expect(status).toMatch(/^Seccomp:\s+2$/m);
  });

  it('is not root on the host either', async () => {
    const process = await sandbox.start(script('echo started; sleep 60'));
    await new Promise((resolve) => process.stdout.once('data', resolve));
    const members = await process.members();
    const uids = members.map((pid) => /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
    expect(uids.length).toBeGreaterThanOrEqual(2);
    expect(uids).not.toContain('0');
    await process.killTree();
  });

  it('sees no home directory, no shadow file, no sockets and no directory of the sidecar', async () => {
    const secret = join(sandbox.root, 'secret');
    writeFileSync(secret, 'secret', { mode: 0o644 });
    for (const path of ['/root', '/home', '/etc/shadow', '/run', '/etc/ssl/private', sandbox.root, secret]) {
      expect(await output(`[ -e '${path}' ] && echo there || echo absent`)).toBe('absent\n');
    }
  });

  it('reads the paths that the setting shows it, below /tmp as well, and cannot write to them', async () => {
    await using directory = await temporaryDirectory();
    chmodSync(directory.path, 0o755);
    writeFileSync(join(directory.path, 'shown'), 'shown');
    await using own = await TestSandbox.open({ backend: 'bubblewrap', readOnlyPaths: [directory.path], tools });
    const source = `cat ${directory.path}/shown; touch ${directory.path}/x 2>/dev/null || touch /tmp/x && echo ' only'`;
    expect((await own.run(script(source))).stdout).toBe('shown only\n');
  });

  it('cannot write anywhere but to its workspace, its temporary directory and shared memory', async () => {
    for (const path of ['/', '/usr', '/etc', '/dev', '/var', '/proc/sys/kernel', '/sandbox/..']) {
      expect(await output(`touch ${path}/x 2>/dev/null && echo written || echo refused`)).toBe('refused\n');
    }
    expect(await output('touch x /tmp/x /var/tmp/x /dev/shm/x && echo written')).toBe('written\n');
  });

  it('sees its own processes only', async () => {
    const pids = (await output('ls /proc')).split('\n').filter((name) => /^\d+$/.test(name));
    expect(pids.length).toBeLessThanOrEqual(6);
    expect(await output(`kill -0 ${process.pid} 2>/dev/null && echo reached || echo absent`)).toBe('absent\n');
  });

  it('reaches no listener of the host, neither by network nor by abstract socket', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const connect = `require('net').connect(${port},'127.0.0.1').on('connect',()=>console.log('reached')).on('error',e=>console.log(e.code))`;
    expect(await output(`node -e "${connect}"`)).toBe('ECONNREFUSED\n');
    server.close();
    expect(await output("tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' '")).toBe('lo\n');
  });

  it('inherits no descriptor but its three standard streams', async () => {
    const listed = await output(`for fd in /proc/self/fd/*; do echo "\${fd##*/}"; done`);
    const descriptors = listed.split('\n').filter(Boolean).map(Number);
    const ofTestRunner = execFileSync('ls', ['/proc/self/fd'], { encoding: 'utf8' }).split('\n').map(Number);
    const foreign = descriptors.filter((descriptor) => descriptor > 3 && !ofTestRunner.includes(descriptor));
    expect(foreign).toEqual([]);
    const held = await output('for f in /proc/[0-9]*/fd/*; do readlink "$f"; done 2>/dev/null');
    expect(
      held.split('\n').filter((target) => target.startsWith('/') && !/^\/(dev|proc)\/|\/fifos\//.test(target)),
    ).toEqual([]);
  });

  it('has a host name and users of its own', async () => {
    expect(await output('uname -n; id -un')).toBe('sandbox\nsandbox\n');
  });

  it('cannot make namespaces, mounts or traces', async () => {
    for (const command of ['unshare -U true', 'unshare -m true', 'mount -t tmpfs x /tmp']) {
      expect(await output(`${command} 2>/dev/null && echo done || echo refused`)).toBe('refused\n');
    }
  });
});
