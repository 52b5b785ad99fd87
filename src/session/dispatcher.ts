import type { HostFrame, Shutdown, Stdin } from '../../protocol/index.js';
import { MAX_UNANSWERED_QUERIES, ownBytes, ProtocolFault } from '../../protocol/wire.js';
import type { TaskExecutor } from '../executor/index.js';
import type { QueueRegistry } from '../tracking/index.js';
import type { ReceivedFrame } from './frame-source.js';
import type { Inbox } from './inbox.js';
import type { Outbox } from './outbox.js';
import type { Questions } from './questions.js';
import { TaskFrames } from './task-frames.js';
import type { HostTask, TaskTable } from './task-table.js';
import { Vigil } from './vigil.js';

export interface DispatcherOptions {
  readonly table: TaskTable;
  readonly inbox: Inbox;
  readonly outbox: Outbox;
  readonly executor: TaskExecutor;
  readonly registry: QueueRegistry;
  readonly questions: Questions;
  readonly outputWindowBytes: number;
  readonly onShutdown: (shutdown: Shutdown) => void;
}

/**
 * Does what a frame of the host says. Submissions go into the inbox; everything else acts at once, so that a cancel
 * never waits behind the task it is about. Where it answers a promise, the reader waits: the host has more under way
 * than its window allows.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #vigil = new Vigil();
  #wakeReader: (() => void) | null = null;

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  /** @throws ProtocolFault for a frame that does not fit what is under way */
  dispatch({ frame, byteLength }: ReceivedFrame): Promise<void> | undefined {
    const { table, questions, outbox, onShutdown } = this.#options;
    switch (frame.type) {
      case 'submit':
        return this.#submit([[frame.id, frame.body]], byteLength);
      case 'submitBatch':
        return this.#submit(frame.body.tasks, byteLength);
      case 'cancel':
        table.task(frame.id)?.handle?.cancel(frame.body.reason);
        return undefined;
      case 'signal':
        table.task(frame.id)?.handle?.signal(frame.body.signal);
        return undefined;
      case 'window':
        table.task(frame.id)?.frames.allowOutput(frame.body.outputBytes);
        return undefined;
      case 'stdin':
        this.#stdin(table.task(frame.id), frame.id, frame.body);
        return undefined;
      case 'ping':
        return this.#question(frame, (onAnswered) => {
          outbox.control({ type: 'pong', id: frame.id, body: frame.body }, onAnswered);
        });
      case 'query':
        return this.#question(frame, (onAnswered) => questions.answer(frame.id, frame.body, onAnswered));
      case 'shutdown':
        onShutdown(frame.body);
        return undefined;
      case 'init':
        throw new ProtocolFault('unexpected_frame', 'init: the session is open already; init comes once');
    }
  }

  #submit(tasks: readonly (readonly [number, unknown])[], byteLength: number): Promise<void> | undefined {
    const { table, executor, inbox } = this.#options;
    const opened = tasks.map(([id]) => this.#open(id));
    const share = Math.ceil(byteLength / Math.max(1, tasks.length));
    const preparation = executor.prepare(
      tasks.map(([, task], index) => ({
        task: ownTaskBytes(task),
        listener: opened[index]!.frames,
        byteLength: share,
      })),
    );
    if (!preparation.ok) {
      const refusals = preparation.results.map((result, index) => opened[index]!.frames.onResult(result));
      return Promise.all(refusals).then(() => undefined);
    }
    preparation.handles.forEach((handle, index) => {
      table.identify(opened[index]!, handle);
    });
    return inbox.add({ handles: preparation.handles, byteLength });
  }

  #open(id: number): HostTask {
    const { table, outbox, registry, outputWindowBytes } = this.#options;
    const onAnswered = () => table.closeTask(id);
    return table.openTask(id, new TaskFrames({ id, outbox, registry, outputWindowBytes, onAnswered }));
  }

  #stdin(task: HostTask | undefined, id: number, body: Stdin): void {
    const handle = task?.handle;
    if (!handle || handle.concluded) return;
    const { stdin } = handle;
    if (stdin === null) {
      throw new ProtocolFault('unexpected_frame', `stdin: task ${id} was not submitted with stdin: {stream: true}`, {
        id,
      });
    }
    if (stdin.ended) throw new ProtocolFault('unexpected_frame', `stdin: task ${id} was told the end already`, { id });
    if (body.data !== undefined) {
      const total = stdin.receivedBytes + body.data.byteLength;
      if (total > stdin.allowedBytes) throw stdinOverrun(id, total, stdin.allowedBytes);
      stdin.write(ownBytes(body.data));
    }
    if (body.end === true) stdin.end();
  }

  #question(
    frame: HostFrame & { type: 'ping' | 'query' },
    ask: (onAnswered: () => void) => void,
  ): Promise<void> | undefined {
    const { table } = this.#options;
    table.openQuery(frame.id);
    // Of a flood the rest has come already, and processors that tasks run on are theirs.
    if (table.unansweredQueries === 1 && table.unfinishedTasks === 0) this.#vigil.keep();
    ask(() => {
      table.closeQuery(frame.id);
      this.#wakeReader?.();
    });
    if (table.unansweredQueries <= MAX_UNANSWERED_QUERIES) return this.#options.outbox.controlRoom();
    return new Promise((resolve) => {
      this.#wakeReader = resolve;
    });
  }
}

function stdinOverrun(id: number, sent: number, allowed: number): ProtocolFault {
  return new ProtocolFault(
    'window_overrun',
    `stdin: task ${id} was sent ${sent} bytes, ${allowed} were allowed so far (setting stdinWindowBytes)`,
    { id, sent, allowed },
  );
}

/** A task outlives the chunk that it came in, so its bytes must not be views of it. */
function ownTaskBytes(task: unknown): unknown {
  if (typeof task !== 'object' || task === null) return task;
  const owned: Record<string, unknown> = { ...task };
  if (owned.stdin instanceof Uint8Array) owned.stdin = ownBytes(owned.stdin);
  if (Array.isArray(owned.files)) owned.files = owned.files.map(ownFileBytes);
  return owned;
}

function ownFileBytes(file: unknown): unknown {
  if (typeof file !== 'object' || file === null || !('data' in file)) return file;
  return file.data instanceof Uint8Array ? { ...file, data: ownBytes(file.data) } : file;
}
