import type { TaskInput } from '../../../clients/node/index.js';
import type { Bait } from '../support/host.js';
import { type Expected, having, type Program, python, sh } from '../support/program.js';

/** Whatever else is asked for, an honest file comes back, and only that. */
const HONEST: Expected = { status: 'success', collected: ['honest'] };

const collecting = (source: string, collect: readonly string[]): ((bait: Bait) => TaskInput) =>
  having(sh(`echo honest > honest; ${source}; true`), { collect: ['honest', ...collect] });

export const collectPrograms: readonly Program[] = [
  {
    does: 'offers a link to a file of the host',
    task: collecting('ln -s /etc/passwd link; ln -s ../../../../../../etc/passwd up', ['link', 'up', '*']),
    expected: HONEST,
  },
  {
    does: 'offers a link to a directory of the host',
    task: collecting('ln -s /etc link', ['link/passwd', 'link/*', '**/passwd']),
    expected: HONEST,
  },
  {
    does: 'offers a link to the root of the host',
    task: collecting('ln -s /proc/self/root root; ln -s /proc/self/cwd cwd', ['root/etc/passwd', 'cwd/package.json']),
    expected: HONEST,
  },
  {
    does: 'offers a link to a descriptor of the sidecar',
    task: collecting('for i in 0 1 2 3 4 5 6 7 8 9; do ln -s /proc/self/fd/$i fd$i; done', ['fd*', 'fd0', 'fd3']),
    expected: HONEST,
  },
  {
    does: 'offers paths that lead out of its workspace',
    task: collecting('mkdir -p a', ['../../owner.json', 'a/../../../owner.json', '/etc/passwd', '/etc/*', './../*']),
    expected: HONEST,
  },
  {
    does: 'offers a hard link to a file of the host',
    task: (bait) => ({
      ...collecting('ln "$1" hard 2>/dev/null', ['hard', 'h*'])(bait),
      args: ['-c', 'echo honest > honest; ln "$1" hard 2>/dev/null; true', bait.tag, bait.secretFile],
    }),
    expected: HONEST,
  },
  {
    does: 'offers a FIFO',
    task: collecting('mkfifo fifo', ['fifo', '*']),
    expected: HONEST,
  },
  {
    does: 'offers a device',
    task: collecting('mknod null c 1 3 2>/dev/null; ln -s /dev/zero zero', ['null', 'zero', '*']),
    expected: HONEST,
  },
  {
    does: 'offers a socket',
    needs: 'python3',
    task: having(python("open('honest', 'w').close(); server = socket.socket(socket.AF_UNIX); server.bind('socket')"), {
      collect: ['honest', 'socket', '*'],
    }),
    expected: HONEST,
  },
  {
    does: 'offers a circle of links and a link to itself',
    task: collecting('ln -s b a; ln -s a b; ln -s self self; mkdir d; ln -s .. d/up', ['a', 'b', 'self', '*']),
    expected: HONEST,
  },
  {
    does: 'offers a directory by the name of a file',
    task: collecting('mkdir out', ['out', 'out/']),
    expected: HONEST,
  },
  {
    does: 'offers a file that is larger than a result may be',
    task: having(sh('echo honest > honest; truncate -s 60M huge'), {
      collect: ['honest', 'huge'],
      limits: { workspaceBytes: 104_857_600, fileSizeBytes: 104_857_600 },
    }),
    expected: HONEST,
  },
];
