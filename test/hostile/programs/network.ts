import { type Program, python, REACHED, REACHED_BY_ROOT, REFUSED } from '../support/program.js';

const connecting = (family: string, address: string) =>
  python(`
def connect():
    with socket.socket(socket.${family}) as client:
        client.settimeout(2)
        client.connect(${address})
        return client.recv(5) == b'hello'
reached(connect)`);

export const networkPrograms: readonly Program[] = [
  {
    does: 'connects to a listener of the host by TCP',
    needs: 'python3',
    task: connecting('AF_INET', "('127.0.0.1', host['tcpPort'])"),
    expected: REFUSED,
    process: REACHED,
  },
  {
    does: 'connects to a listener of the host by IPv6',
    needs: 'python3',
    task: connecting('AF_INET6', "('::1', host['tcp6Port'] or 9)"),
    wants: (bait) => bait.tcp6Port !== null,
    expected: REFUSED,
    process: REACHED,
  },
  {
    does: 'talks to a listener of the host by UDP',
    needs: 'python3',
    task: python(`
def talk():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(1)
        client.connect(('127.0.0.1', host['udpPort']))
        client.send(b'hello')
        return client.recv(5) == b'hello'
reached(talk)`),
    expected: REFUSED,
    process: REACHED,
  },
  {
    does: 'connects to a unix socket of the host, as that of a container engine is one',
    needs: 'python3',
    task: connecting('AF_UNIX', "host['socketFile']"),
    expected: REFUSED,
    process: REACHED,
  },
  {
    does: 'connects to an abstract socket of the host',
    needs: 'python3',
    // Up to version 20 Node fills the name up with zeros, which count.
    task: connecting(
      'AF_UNIX',
      "'\\0' + host['abstractSocket'] + ('\\0' * (107 - len(host['abstractSocket'])) if host['padsNames'] else '')",
    ),
    expected: REFUSED,
    process: REACHED,
  },
  {
    does: 'listens to the packets of others',
    needs: 'python3',
    task: python('reached(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW).close())'),
    expected: REFUSED,
    process: REACHED_BY_ROOT,
  },
  {
    does: 'asks the kernel for the network it is in',
    needs: 'python3',
    task: python('reached(lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).close())'),
    expected: REFUSED,
    process: REACHED,
  },
];
