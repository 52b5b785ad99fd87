import type { SidecarFrame, TaskResult } from '../../../protocol/index.js';
import type { ExecutorConfig } from '../../../src/executor/index.js';
import {
  FrameSource,
  type HealthProbe,
  Inbox,
  Outbox,
  type OutboxBounds,
  RawFrames,
  ReadAhead,
  Session,
  type SessionConfig,
} from '../../../src/session/index.js';
import { openExecutor, type TestExecutor } from '../../executor/support/executors.js';
import { TestSource } from './frames.js';
import { ROOMY } from './outboxes.js';
import { TestSink } from './sink.js';

export interface SessionOptions {
  readonly executor?: Partial<ExecutorConfig>;
  readonly outbox?: Partial<OutboxBounds>;
  readonly session?: Partial<SessionConfig>;
  readonly inboxFrames?: number;
  /** What is read ahead of the session; as little as possible where it is left out. */
  readonly readAheadBytes?: number;
}

const WINDOW = { tasks: 110, taskBytes: 1_000_000, outputBytes: 100_000, stdinBytes: 1_000 };

const probe: HealthProbe = {
  pulse: () => ({ uptimeMs: 1, loopDelayMs: 0, active: 0, queued: 0 }),
  health: () => ({ ...probe.pulse(), memoryBytes: 1, openFiles: null, shuttingDown: false }),
};

/** A session on the real executor, and a host that sends and reads as the test tells it. */
export class TestSession implements AsyncDisposable {
  readonly test: TestExecutor;
  readonly source = new TestSource();
  readonly sink = new TestSink();
  readonly termination = new AbortController();
  readonly exitCode: Promise<number>;
  readonly #outbox: Outbox;

  private constructor(test: TestExecutor, options: SessionOptions) {
    const { executor, registry, logger } = test;
    const { sink } = this;
    const input = new ReadAhead(this.source, options.readAheadBytes ?? 1);
    this.test = test;
    this.#outbox = new Outbox({ ...ROOMY, ...options.outbox, registry, sink });
    const session = new Session({
      config: { maxFrameBytes: 1_000_000, window: WINDOW, onEof: 'kill', ...options.session },
      source: new FrameSource(new RawFrames(input)),
      hostEnd: input.ended,
      sink,
      inbox: new Inbox({ registry, frames: options.inboxFrames ?? 100, bytes: 1_000_000 }),
      executor,
      outbox: this.#outbox,
      registry,
      logger,
      probe,
    });
    this.exitCode = session.run(this.termination.signal);
  }

  static async open(options: SessionOptions = {}): Promise<TestSession> {
    const stdinWindowBytes = options.session?.window?.stdinBytes ?? WINDOW.stdinBytes;
    return new TestSession(await openExecutor({ stdinWindowBytes, ...options.executor }), options);
  }

  send(type: string, id: number, body: object = {}): void {
    this.source.send({ type, id, body });
  }

  /** The result of a task, when it has come. */
  async result(id: number): Promise<TaskResult> {
    return (await this.frame('result', id)).body;
  }

  /** The first frame of a type and an id, when it has come. */
  async frame<Type extends SidecarFrame['type']>(
    type: Type,
    id: number,
  ): Promise<Extract<SidecarFrame, { type: Type }>> {
    const find = () => this.sink.of(type).find((frame) => frame.id === id);
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** The types of the frames of one id, in order. */
  typesOf(id: number): string[] {
    return this.sink.frames.filter((frame) => frame.id === id).map(({ type }) => type);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.sink.vanish();
    await this.exitCode;
    this.#outbox[Symbol.dispose]();
    await this.test[Symbol.asyncDispose]();
  }
}
