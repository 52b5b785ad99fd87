import { spawn } from 'node:child_process';
import type { Contestant } from '../line.js';
import { echoRunner } from './echo-runner.js';

/** As long as a frame with a ping. */
const MESSAGE_BYTES = 16;

/** A child that gives back what it is given, without a look at it: what the pipes of the machine could reach. */
export function barePipe(inFlight: number): Contestant {
  return {
    name: 'bare pipe',
    async open() {
      const child = spawn('cat', { stdio: ['pipe', 'pipe', 'inherit'] });
      const waiting: (() => void)[] = [];
      let answered = 0;
      let bytes = 0;
      child.stdout.on('data', (chunk: Buffer) => {
        bytes += chunk.byteLength;
        const whole = Math.floor(bytes / MESSAGE_BYTES);
        for (const resolve of waiting.splice(0, whole - answered)) resolve();
        answered = whole;
      });
      const message = Buffer.alloc(MESSAGE_BYTES);
      const ping = () =>
        new Promise<void>((resolve) => {
          waiting.push(resolve);
          child.stdin.write(message);
        });
      return echoRunner(child, inFlight, ping);
    },
  };
}
