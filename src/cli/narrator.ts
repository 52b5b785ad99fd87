import type { QueueSnapshot, TaskResult } from '../../protocol/index.js';
import { describeStall, describeWarning, type QueueRegistry } from '../tracking/index.js';
import { type CliIo, writeText } from './cli-io.js';
import { queueTable } from './queue-table.js';
import { summariseResult } from './result-summary.js';

/** Tells people on stderr what `run --verbose` promises: limit warnings and stalls as they come, figures at the end. */
export class Narrator implements Disposable {
  readonly #stderr: CliIo['stderr'];
  readonly #registry: QueueRegistry;

  /** It hears of everything that is told of the registry until it is disposed of. */
  constructor(stderr: CliIo['stderr'], registry: QueueRegistry) {
    this.#stderr = stderr;
    this.#registry = registry;
    registry.setLimitWarningHandler((warning) => void this.#tell(describeWarning(warning)));
    registry.setStallHandler((stall) => void this.#tell(describeStall(stall)));
  }

  /** How a task ended, where its time went, and what it used. */
  async concluded(result: TaskResult): Promise<void> {
    for (const line of summariseResult(result)) await this.#tell(line);
  }

  /** What has gone through the queues: those that the registry has now, and others that it has no more. */
  async queues(others: readonly QueueSnapshot[]): Promise<void> {
    for (const line of queueTable([...this.#registry.snapshot(), ...others]).split('\n')) await this.#tell(line);
  }

  [Symbol.dispose](): void {
    this.#registry.setLimitWarningHandler(null);
    this.#registry.setStallHandler(null);
  }

  async #tell(line: string): Promise<void> {
    await writeText(this.#stderr, `exec-sidecar: ${line}\n`);
  }
}
