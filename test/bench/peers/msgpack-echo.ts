import { spawn } from 'node:child_process';
import type { Contestant } from '../line.js';
import { childProgram } from './child.js';
import { echoRunner } from './echo-runner.js';
import { messageSender, readMessages } from './msgpack-frames.js';
import { Pending } from './pending.js';

/** Lengths and msgpack values over stdio, with nothing checked and nothing done: what the sidecar's framing could reach. */
export function msgpackEcho(inFlight: number): Contestant {
  return {
    name: 'bare msgpack echo',
    async open() {
      const child = spawn(process.execPath, [childProgram('msgpack-echo')], { stdio: ['pipe', 'pipe', 'inherit'] });
      const pending = new Pending();
      const send = messageSender(child.stdin);
      readMessages(child.stdout, ([, id]) => pending.answer(id));
      return echoRunner(child, inFlight, () => pending.request((id) => send(['ping', id, {}])));
    },
  };
}
