import type { HostFrame, LimitWarning, SidecarFrame } from '../../../protocol/index.js';
import { encodeFrame } from '../../../protocol/index.js';
import type { ByteSource } from '../../../src/session/index.js';

export function outputFrame(id: number, bytes = 1, offset = 0): SidecarFrame & { type: 'output' } {
  return { type: 'output', id, body: { stream: 'stdout', offset, data: new Uint8Array(bytes) } };
}

export function pong(id: number): SidecarFrame {
  return { type: 'pong', id, body: {} };
}

/** A frame that stands for a result: the outbox does not look into it. */
export function replyFrame(id: number, bytes = 0): SidecarFrame {
  return { type: 'reply', id, body: { data: new Uint8Array(bytes) } };
}

export function warningOf(overrides: Partial<LimitWarning> = {}): LimitWarning {
  return {
    limit: 'schedulerQueue',
    category: 'queue',
    observed: 8,
    capacity: 10,
    fillPercent: 80,
    kind: 'near',
    unit: 'tasks',
    scope: 'sidecar',
    seq: 1,
    at: 1,
    configKey: 'queueSize',
    ...overrides,
  };
}

/** A host's stdin: what is written to it comes out in order; it ends or breaks when it is told to. */
export class TestSource implements ByteSource {
  readonly #chunks: Uint8Array[] = [];
  #ended = false;
  #failure: unknown;
  #wake: () => void = () => {};
  /** How many chunks have been read. */
  read = 0;

  send(...frames: readonly (HostFrame | { type: string; id: number; body: object })[]): void {
    for (const frame of frames) this.write(encodeFrame(frame));
  }

  write(bytes: Uint8Array): void {
    this.#chunks.push(bytes);
    this.#wake();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  fail(error: unknown): void {
    this.#failure = error;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) {
        this.read += 1;
        yield chunk;
      } else if (this.#failure !== undefined) {
        throw this.#failure;
      } else if (this.#ended) {
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}
