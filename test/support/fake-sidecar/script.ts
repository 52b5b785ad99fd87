import { setTimeout as sleep } from 'node:timers/promises';
import { encodeFrame, type SidecarFrame } from '../../../protocol/index.js';
import { helloBody, readyBody } from './bodies.js';
import type { Host } from './host.js';
import { Service } from './serve.js';
import type {
  Expectation,
  HeartbeatOptions,
  Ignorable,
  OpenOptions,
  ScriptedFrame,
  ServeOptions,
  Step,
} from './steps.js';

/** Plays a script to a host. */
export class Script {
  readonly #host: Host;
  readonly #ids = new Map<string, number>();
  #ready = readyBody();

  constructor(host: Host) {
    this.#host = host;
  }

  async play(steps: readonly Step[]): Promise<void> {
    for (const step of steps) await this.#take(step);
  }

  async #take(step: Step): Promise<void> {
    const host = this.#host;
    if ('send' in step) host.send(this.#frame(step));
    else if ('open' in step) await this.#open(step.open);
    else if ('expect' in step) await this.#expect(step);
    else if ('serve' in step) this.#serve(step.serve);
    else if ('cut' in step) host.write(encodeFrame(this.#frame(step.cut)).subarray(0, step.bytes));
    else if ('text' in step) host.write(new TextEncoder().encode(step.text));
    else if ('split' in step) host.isSplit = step.split;
    else if ('stderr' in step) process.stderr.write(step.stderr.replace('$PID', String(process.pid)));
    else if ('wait' in step) await sleep(step.wait);
    else if ('exit' in step) process.stdout.end(() => process.exit(step.exit));
    else if ('die' in step) await this.#die(step.die);
    else if ('closeStdout' in step) process.stdout.end();
    else if ('ignore' in step) this.#ignore(step.ignore);
    else if ('flood' in step) await host.flood(encodeFrame(this.#frame(step.flood)), step.count);
    else if ('heartbeats' in step) this.#beat(step.heartbeats);
    else if ('report' in step) host.isReporting = true;
    else for (let count = 0; count < step.repeat; count += 1) await this.play(step.steps);
  }

  async #open({ hello, ready }: OpenOptions): Promise<void> {
    this.#ready = readyBody(ready);
    this.#host.send({ type: 'hello', id: 0, body: helloBody(hello) });
    await this.#host.next('init');
    this.#host.send({ type: 'ready', id: 0, body: this.#ready });
  }

  async #expect({ expect, as }: Expectation): Promise<void> {
    const frame = await this.#host.next(expect);
    if (as === undefined) return;
    this.#ids.set(as, frame.id);
    if (frame.type !== 'submitBatch') return;
    for (const [index, [id]] of frame.body.tasks.entries()) this.#ids.set(`${as}.${index}`, id);
  }

  #serve(options: ServeOptions): void {
    const service = new Service(this.#host, this.#ready.window, options);
    this.#host.listen((frame) => service.receive(frame));
  }

  async #die(signal: NodeJS.Signals): Promise<void> {
    await new Promise((resolve) => process.stdout.write('', resolve));
    process.kill(process.pid, signal);
    await sleep(60_000);
  }

  #beat({ everyMs, count, loopDelayMs = 0 }: HeartbeatOptions): void {
    let seq = 0;
    const timer = setInterval(() => {
      seq += 1;
      const body = { seq, uptimeMs: seq * everyMs, loopDelayMs, active: 1, queued: 2 };
      this.#host.send({ type: 'heartbeat', id: 0, body });
      if (seq === count) clearInterval(timer);
    }, everyMs);
  }

  #ignore(what: readonly Ignorable[]): void {
    if (what.includes('shutdown')) this.#host.ignoresShutdown = true;
    if (what.includes('endOfStdin')) this.#host.ignoresEnd = true;
    if (what.includes('SIGTERM')) process.on('SIGTERM', () => {});
    setInterval(() => {}, 60_000);
  }

  #frame({ send, id = 0, body = {} }: ScriptedFrame): SidecarFrame {
    const frame = { type: send, id: typeof id === 'string' ? this.#ids.get(id) : id, body };
    return frame as SidecarFrame;
  }
}
