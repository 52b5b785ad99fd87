import { spawn } from 'node:child_process';
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node';
import type { Contestant } from '../line.js';
import { childProgram } from './child.js';
import { echoRunner } from './echo-runner.js';

/** JSON-RPC over stdio, as language servers speak it. */
export function jsonRpc(inFlight: number): Contestant {
  return {
    name: 'vscode-jsonrpc',
    async open() {
      const child = spawn(process.execPath, [childProgram('json-rpc-echo')], { stdio: ['pipe', 'pipe', 'inherit'] });
      const connection = createMessageConnection(
        new StreamMessageReader(child.stdout),
        new StreamMessageWriter(child.stdin),
      );
      connection.listen();
      return echoRunner(child, inFlight, () => connection.sendRequest('ping', {}));
    },
  };
}
