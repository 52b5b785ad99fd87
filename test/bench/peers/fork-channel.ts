import { fork } from 'node:child_process';
import type { Contestant } from '../line.js';
import { childProgram } from './child.js';
import { echoRunner } from './echo-runner.js';
import { Pending } from './pending.js';

/** The channel that Node gives to a forked child, with its default serialization, JSON. */
export function forkChannel(inFlight: number): Contestant {
  return {
    name: 'fork channel',
    async open() {
      const child = fork(childProgram('fork-echo'), { serialization: 'json', execArgv: [] });
      const pending = new Pending();
      child.on('message', (message) => pending.answer((message as { id: number }).id));
      return echoRunner(child, inFlight, () =>
        pending.request((id) => void child.send({ type: 'ping', id, body: {} })),
      );
    },
  };
}
