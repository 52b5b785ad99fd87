import { randomUUID } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { chmodSync, copyFileSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer, type ListenOptions, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { EXECUTABLE } from '../../end-to-end/support/executable.js';

/** What there is on the host for a program to reach for. All of it is made for that. */
export interface Bait {
  /** Stands on the command line of every program, and in the names of the files that it leaves about. */
  readonly tag: string;
  /** A file that anybody may read. */
  readonly secretFile: string;
  readonly configFile: string;
  readonly workspaceRoot: string;
  readonly socketFile: string;
  readonly abstractSocket: string;
  /** Whether its name is filled up with zeros to 108 bytes, as Node did up to version 20. */
  readonly padsNames: boolean;
  readonly tcpPort: number;
  /** Null where the host has no IPv6. */
  readonly tcp6Port: number | null;
  readonly udpPort: number;
  /** A copy of id(1) with the setuid bit, in a directory that sandboxes show. */
  readonly setuidProgram: string;
  readonly namespaces: Readonly<Record<'mnt' | 'pid', string>>;
  readonly sidecarPid: number;
}

/** The value that must not be found: in the environment of the sidecar, in its configuration and in the secret file. */
export const CANARY = `canary-${randomUUID()}`;

/** Where programs that leave files about leave them. */
const STRAY_DIRECTORIES = ['/tmp', '/dev/shm'];

/** A host with listeners, secrets and a workspace root. Disposing of it closes and removes all of it. */
export class Host implements AsyncDisposable {
  readonly tag = `hostile-${randomUUID()}`;
  readonly directory: string;
  /** Elsewhere than in the temporary directory, of which sandboxes have their own. */
  readonly setuidDirectory: string;
  readonly #servers: (Server | Socket)[] = [];

  private constructor(directory: string, setuidDirectory: string) {
    this.directory = directory;
    this.setuidDirectory = setuidDirectory;
  }

  static async open(): Promise<Host> {
    const directory = await mkdtemp(join(tmpdir(), 'exec-sidecar-hostile-'));
    const setuidDirectory = await mkdtemp(join(dirname(EXECUTABLE), 'hostile-'));
    for (const path of [directory, setuidDirectory]) chmodSync(path, 0o755);
    const program = join(setuidDirectory, 'id');
    copyFileSync('/usr/bin/id', program);
    chmodSync(program, 0o4755);
    return new Host(directory, setuidDirectory);
  }

  get workspaceRoot(): string {
    return this.directory;
  }

  /** Sets the bait out; all but the pid of the sidecar, which is not there yet. */
  async setOut(settings: object): Promise<Omit<Bait, 'sidecarPid'>> {
    const path = (name: string) => join(this.directory, name);
    writeFileSync(path('secret'), CANARY, { mode: 0o644 });
    writeFileSync(path('config.json'), JSON.stringify(settings), { mode: 0o644 });
    const socketFile = path('socket');
    const abstractSocket = this.tag;
    await this.#listen({ path: socketFile });
    chmodSync(socketFile, 0o777);
    await this.#listen({ path: `\0${abstractSocket}` });
    return {
      tag: this.tag,
      secretFile: path('secret'),
      configFile: path('config.json'),
      workspaceRoot: this.workspaceRoot,
      ...{ socketFile, abstractSocket, padsNames: Number(process.versions.node.split('.')[0]) <= 20 },
      tcpPort: (await this.#listen({ port: 0, host: '127.0.0.1' }))!.port,
      tcp6Port: await this.#listen({ port: 0, host: '::1' }).then(
        (address) => address!.port,
        () => null,
      ),
      udpPort: await this.#echo(),
      setuidProgram: join(this.setuidDirectory, 'id'),
      namespaces: { mnt: readlinkSync('/proc/self/ns/mnt'), pid: readlinkSync('/proc/self/ns/pid') },
    };
  }

  /**
   * A way to start an executable with a descriptor that it inherits, which Node never lets happen by itself.
   * @returns the path of a script
   */
  inheriting(command: readonly string[]): string {
    const path = join(this.directory, 'start.sh');
    const line = command.map((word) => `'${word}'`).join(' ');
    writeFileSync(path, `#!/bin/sh\nexec 9<'${join(this.directory, 'secret')}'\nexec ${line} "$@"\n`, { mode: 0o755 });
    return path;
  }

  /** The files that programs have left outside of their workspaces. */
  strays(): string[] {
    return STRAY_DIRECTORIES.flatMap((directory) =>
      readdirSync(directory)
        .filter((name) => name.startsWith(this.tag))
        .map((name) => join(directory, name)),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const path of this.strays()) rmSync(path, { recursive: true });
    for (const server of this.#servers) server.close();
    for (const path of [this.directory, this.setuidDirectory]) await rm(path, { recursive: true });
  }

  async #listen(options: ListenOptions): Promise<AddressInfo | null> {
    const server = createServer((socket) => socket.on('error', () => undefined).end('hello'));
    server.listen(options);
    await once(server, 'listening');
    this.#servers.push(server);
    const address = server.address();
    return typeof address === 'object' ? address : null;
  }

  async #echo(): Promise<number> {
    const socket = createSocket('udp4');
    socket.on('message', (message, { port, address }) => socket.send(message, port, address));
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    this.#servers.push(socket);
    return socket.address().port;
  }
}
