import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { EXECUTABLE } from '../../end-to-end/support/executable.js';
import type { HostOrders, SettledReport } from './load.js';

/** A host program that runs, and the sidecar that it has spawned. */
export class HostProcess implements AsyncDisposable {
  readonly sidecarPid: number;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(child: ChildProcess, lines: AsyncIterator<string>, sidecarPid: number) {
    this.#child = child;
    this.#lines = lines;
    this.sidecarPid = sidecarPid;
  }

  /** Starts a host and resolves when its sidecar is ready. */
  static async start(program: string, orders: Omit<HostOrders, 'executable'>): Promise<HostProcess> {
    const argument = JSON.stringify({ ...orders, executable: EXECUTABLE });
    const child = spawn(process.execPath, [program, argument], { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const first = await lines.next();
    if (first.done) throw new Error('the host program ended before its sidecar was ready');
    return new HostProcess(child, lines, JSON.parse(first.value).pid);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** How its promises settled, once its sidecar is gone. */
  async report(): Promise<SettledReport> {
    const line = await this.#lines.next();
    if (line.done) throw new Error('the host program ended without its report');
    return JSON.parse(line.value);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await ended;
  }
}
