import { spawn } from 'node:child_process';
import { parseSidecarFrame } from '../../protocol/index.js';
import { FrameInbox } from './frame-inbox.js';
import type { Peer, PeerExit } from './peer.js';

/** How long a sidecar may take to end by itself after its stdin has been closed, in ms. */
const END_MS = 10_000;

const LOG_CHARACTERS = 4_096;

/**
 * Starts a sidecar that is to be checked. Disposing of it closes its stdin.
 * @throws Error where it cannot be started, or, on disposal, where it does not end by itself
 */
export function spawnSidecar(command: readonly string[], patience: number): Peer {
  const [file = '', ...args] = command;
  const child = spawn(file, args, { stdio: 'pipe' });
  const inbox = new FrameInbox(parseSidecarFrame);
  let log = '';
  const exit = new Promise<PeerExit>((resolve) => {
    child.once('error', (error) => {
      log += error.message;
      inbox.end();
      resolve(error.message);
    });
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
  child.stdin.on('error', () => undefined);
  child.stdout.on('data', (chunk: Uint8Array) => inbox.receive(chunk));
  child.stdout.once('close', () => inbox.end());
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log = (log + text).slice(-LOG_CHARACTERS);
  });
  return {
    inbox,
    exit,
    get log() {
      return log;
    },
    write: (bytes) => new Promise((resolve) => child.stdin.write(bytes, () => resolve())),
    endSending: () => void child.stdin.end(),
    endReading: () => void child.stdout.destroy(),
    signal: (name) => void child.kill(name),
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      const timer = setTimeout(() => child.kill('SIGKILL'), END_MS * patience);
      const ended = await exit;
      clearTimeout(timer);
      if (ended === 'SIGKILL') throw new Error(`it did not end within ${END_MS * patience} ms of the end of its stdin`);
    },
  };
}
