import { type Program, python, REACHED, REACHED_BY_ROOT, REFUSED, sh } from '../support/program.js';

const reading = (paths: string) =>
  python(`
def read(path):
    with open(path, 'rb') as file:
        return len(file.read(64)) > 0
reached(*[lambda path=path: read(path) for path in ${paths}])`);

export const secretPrograms: readonly Program[] = [
  {
    does: "reads the system's passwords",
    needs: 'python3',
    task: reading("['/etc/shadow', '/etc/gshadow', '/etc/sudoers', '/proc/1/root/etc/shadow']"),
    expected: REFUSED,
    process: REACHED_BY_ROOT,
  },
  {
    does: 'looks into home directories',
    needs: 'python3',
    task: python(`
def look(path):
    return len(os.listdir(path)) > 0
reached(lambda: look('/root'), lambda: look('/home'), lambda: look('/proc/1/root/root'))`),
    expected: REFUSED,
    process: REACHED_BY_ROOT,
  },
  {
    does: 'reads a file of the host that anybody may read',
    needs: 'python3',
    task: reading("[host['secretFile']]"),
    expected: REFUSED,
    process: REACHED,
  },
  {
    does: "reads the sidecar's configuration",
    needs: 'python3',
    task: reading("[host['configFile']]"),
    expected: REFUSED,
    process: REACHED,
  },
  {
    does: "reads the sidecar's ledger",
    needs: 'python3',
    task: python(`
import glob
def read():
    paths = glob.glob(host['workspaceRoot'] + '/*/*/ledger.jsonl')
    return len(open(paths[0]).read()) > 0
reached(read)`),
    expected: REFUSED,
    process: REACHED,
  },
  {
    does: "reads the sidecar's environment in /proc",
    needs: 'python3',
    task: reading('[f"/proc/{pid}/environ" for pid in (host[\'sidecarPid\'], os.getppid())]'),
    expected: REFUSED,
    process: REACHED,
  },
  {
    does: "finds the sidecar's environment in that of any process",
    needs: 'python3',
    task: python(`
import glob
def find():
    for path in glob.glob('/proc/[0-9]*/environ'):
        try:
            if b'HOSTILE_CANARY' in open(path, 'rb').read():
                return True
        except OSError:
            pass
    return False
reached(find)`),
    expected: REFUSED,
    process: REACHED,
  },
  {
    does: "looks for the sidecar's environment in its own",
    task: sh('env | grep -q HOSTILE_CANARY && echo reached || echo refused'),
    expected: REFUSED,
  },
  {
    does: "reads the sidecar's memory and its streams",
    needs: 'python3',
    task: python(`
process = f"/proc/{host['sidecarPid']}"
reached(
    lambda: open(process + '/mem', 'rb').close(),
    lambda: os.close(os.open(process + '/fd/0', os.O_RDONLY | os.O_NONBLOCK)),
    lambda: os.listdir(process + '/cwd'))`),
    expected: REFUSED,
    process: REACHED,
  },
  {
    does: 'looks for a descriptor that the sidecar has inherited',
    needs: 'python3',
    task: python(`
def find():
    for name in os.listdir('/proc/self/fd'):
        try:
            if os.readlink('/proc/self/fd/' + name) == host['secretFile']:
                return True
        except OSError:
            pass
    return False
reached(find)`),
    expected: REFUSED,
  },
  {
    does: 'looks for descriptors beyond its standard streams',
    needs: 'python3',
    task: python(`
def find():
    return any(os.fstat(number) for number in range(3, 256) if is_open(number))
def is_open(number):
    try:
        os.fstat(number)
        return True
    except OSError:
        return False
reached(find)`),
    expected: REFUSED,
  },
  {
    does: 'looks for the command lines of other processes',
    needs: 'python3',
    task: reading('[f"/proc/{host[\'sidecarPid\']}/cmdline"]'),
    expected: REFUSED,
    process: REACHED,
  },
];
