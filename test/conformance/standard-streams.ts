import { parseHostFrame } from '../../protocol/index.js';
import { FrameInbox } from './frame-inbox.js';
import type { Peer } from './peer.js';

/** The client that has started this process as its sidecar. */
export function clientAtStandardStreams(): Peer {
  const { stdin, stdout } = process;
  const inbox = new FrameInbox(parseHostFrame);
  stdin.on('data', (chunk: Uint8Array) => inbox.receive(chunk));
  stdin.once('end', () => inbox.end());
  stdin.on('error', () => inbox.end());
  stdout.on('error', () => undefined);
  return {
    inbox,
    exit: null,
    log: '',
    write: (bytes) => new Promise((resolve) => stdout.write(bytes, () => resolve())),
    endSending: () => void stdout.end(),
    endReading: () => void stdin.destroy(),
    signal: () => {
      throw new Error('a client is not sent signals');
    },
    async [Symbol.asyncDispose]() {
      stdin.destroy();
    },
  };
}
