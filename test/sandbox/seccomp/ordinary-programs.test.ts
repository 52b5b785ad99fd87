import { describe, expect, it } from 'vitest';
import { runSandboxed, whyNo, whyNoBubblewrap } from './bubblewrap.js';

const obstacle = whyNoBubblewrap();

describe.skipIf(obstacle !== null)(
  `ordinary programs under the filter${obstacle === null ? '' : ` (${obstacle})`}`,
  () => {
    it('a shell runs pipelines, subshells, background jobs and its own limits', async () => {
      const script =
        'ulimit -n 64; (sleep 0.01; echo late > late) & for i in 3 1 2; do echo $i; done | sort; wait; cat late; kill -0 $$';
      expect(await run('sh', '-c', script)).toEqual({ code: 0, signal: null, stdout: '1\n2\n3\nlate\n', stderr: '' });
    });

    it('node runs worker threads, child processes, file watches, IPv4, IPv6 and UNIX sockets', async () => {
      const outcome = await run(process.execPath, '--input-type=module', '-e', NODE_PROGRAM);
      expect(outcome).toEqual({ code: 0, signal: null, stdout: 'worker child watch ipv4 ipv6 unix\n', stderr: '' });
    });

    it.skipIf(whyNo('python3', '-V') !== null)(
      'python runs threads, forks, subprocesses, sockets and asyncio',
      async () => {
        const outcome = await run('python3', '-c', PYTHON_PROGRAM);
        expect(outcome).toEqual({
          code: 0,
          signal: null,
          stdout: 'threads fork subprocess asyncio lookup\n',
          stderr: '',
        });
      },
    );

    it.skipIf(whyNo('git', '--version') !== null)('git makes a repository, commits, and packs it', async () => {
      const script =
        'git init -q r && cd r && git config user.email a@b.c && git config user.name n && echo x > f && git add f &&' +
        ' git commit -q -m m && git gc -q && git clone -q . ../copy && git -C ../copy log --format=%s';
      expect(await run('sh', '-c', script)).toEqual({ code: 0, signal: null, stdout: 'm\n', stderr: '' });
    });

    it.skipIf(whyNo('cc', '--version') !== null)(
      'a compiler compiles a program that makes threads, and it runs',
      async () => {
        const source =
          '#include <pthread.h>\\n#include <stdio.h>\\nstatic void *f(void *p) { puts("thread"); return p; }\\n' +
          'int main(void) { pthread_t t; return pthread_create(&t, 0, f, 0) || pthread_join(t, 0); }\\n';
        const outcome = await run('sh', '-c', `printf '${source}' > t.c && cc -pthread -o t t.c && ./t`);
        expect(outcome).toEqual({ code: 0, signal: null, stdout: 'thread\n', stderr: '' });
      },
    );

    it('the filter is in force in the program and in what it starts', async () => {
      const { stdout } = await run(
        'sh',
        '-c',
        'grep ^Seccomp: /proc/self/status; sh -c "grep ^Seccomp: /proc/self/status"',
      );
      expect(stdout).toBe('Seccomp:\t2\nSeccomp:\t2\n');
    });
  },
);

function run(...command: string[]) {
  return runSandboxed(command, { filtered: true });
}

const NODE_PROGRAM = `
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { watch, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { Worker } from 'node:worker_threads';
const done = [];
const worker = new Worker("import('node:worker_threads').then(({ parentPort }) => parentPort.postMessage('worker'))", { eval: true });
done.push((await once(worker, 'message'))[0]);
done.push(execFileSync('echo', ['child'], { encoding: 'utf8' }).trim());
const watcher = watch('/tmp');
const changed = once(watcher, 'change');
writeFileSync('/tmp/file', 'x');
await changed;
watcher.close();
done.push('watch');
for (const [name, where] of [['ipv4', { host: '127.0.0.1', port: 0 }], ['ipv6', { host: '::1', port: 0 }], ['unix', { path: '/tmp/s' }]]) {
  const server = createServer((socket) => socket.end(name));
  server.listen(where);
  await once(server, 'listening');
  const client = connect(where.path ? where : { host: where.host, port: server.address().port });
  done.push(String((await once(client, 'data'))[0]));
  client.destroy();
  server.close();
}
console.log(done.join(' '));
`;

const PYTHON_PROGRAM = `
import asyncio, os, socket, subprocess, threading
done = []
threads = [threading.Thread(target=done.append, args=(i,)) for i in range(20)]
[t.start() for t in threads]; [t.join() for t in threads]
assert sorted(done) == list(range(20))
done = ['threads']
child = os.fork()
if child == 0: os._exit(7)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
done.append('fork')
done.append(subprocess.run(['echo', 'subprocess'], capture_output=True, text=True).stdout.strip())
async def main():
    server = await asyncio.start_server(lambda r, w: (w.write(b'asyncio'), w.close()), '127.0.0.1', 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    done.append((await reader.read()).decode())
    writer.close()
asyncio.run(main())
a, b = socket.socketpair()
a.send(b'x'); assert b.recv(1) == b'x'
assert socket.getaddrinfo('localhost', 80)
done.append('lookup')
print(*done)
`;
