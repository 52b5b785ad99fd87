import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TaskResult } from '../../../protocol/index.js';
import type { ExecutorConfig } from '../../../src/executor/config.js';
import { TaskExecutor } from '../../../src/executor/task-executor.js';
import type { TaskHandle } from '../../../src/executor/task-handle.js';
import type { TaskListener } from '../../../src/executor/task-listener.js';
import { SandboxManager } from '../../../src/sandbox/index.js';
import { type Logger, QueueRegistry } from '../../../src/tracking/index.js';
import { testConfig } from './tasks.js';

/** A logger that remembers what it was told. */
export interface TestLogger extends Logger {
  readonly lines: { readonly level: string; readonly fields: object; readonly message: string }[];
}

export function createTestLogger(): TestLogger {
  const lines: TestLogger['lines'] = [];
  const log = (level: string) => (fields: object, message: string) => void lines.push({ level, fields, message });
  return { lines, debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };
}

export interface TestExecutor extends AsyncDisposable {
  readonly executor: TaskExecutor;
  readonly registry: QueueRegistry;
  readonly logger: TestLogger;
  /** The folder that the sandbox keeps everything in. */
  readonly root: string;
  /** The folders of tasks that are on the disk. */
  workspaces(): Promise<string[]>;
}

/** An executor on the real sandbox, in a folder of its own that goes with it. */
export async function openExecutor(overrides: Partial<ExecutorConfig> = {}): Promise<TestExecutor> {
  const root = await mkdtemp(join(tmpdir(), 'executor-test-'));
  const registry = new QueueRegistry();
  const logger = createTestLogger();
  const sandbox = await SandboxManager.create({
    backend: 'process',
    workspaceRoot: root,
    network: true,
    allowedCwd: [],
    logger,
  });
  const executor = new TaskExecutor({ config: testConfig(overrides), sandbox, registry, logger });
  return {
    executor,
    registry,
    logger,
    root,
    async workspaces() {
      const entries = await readdir(root, { recursive: true, withFileTypes: true });
      return entries.filter(({ parentPath }) => /\/(workspaces|tmp)$/.test(parentPath)).map(({ name }) => name);
    },
    async [Symbol.asyncDispose]() {
      await executor.close();
      await sandbox.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** Prepares and submits one task and answers its handle. */
export async function start(executor: TaskExecutor, task: object, listener: TaskListener = {}): Promise<TaskHandle> {
  const handle = prepareOne(executor, task, listener);
  await executor.submitTasks([handle]);
  return handle;
}

/** Prepares one task, which must be found good. */
export function prepareOne(executor: TaskExecutor, task: object, listener: TaskListener = {}): TaskHandle {
  const preparation = executor.prepare([{ task, listener }]);
  if (!preparation.ok) throw new Error(preparation.results[0]!.error!.message);
  return preparation.handles[0]!;
}

/** A task that a shell runs. */
export function shell(script: string): { command: string; args: string[] } {
  return { command: '/bin/sh', args: ['-c', script] };
}

export function stdoutOf(result: TaskResult): string {
  return Buffer.from(result.stdout).toString();
}

/** A listener that writes down what it hears, and counts results. */
export class RecordingListener implements TaskListener {
  readonly events: string[] = [];
  readonly results: TaskResult[] = [];

  onQueued(): void {
    this.events.push('queued');
  }

  onStarted(): void {
    this.events.push('started');
  }

  onOutput(stream: string): void {
    this.events.push(stream);
  }

  onOutputAbandoned(): void {
    this.events.push('abandoned');
  }

  onResult(result: TaskResult): void {
    this.events.push('result');
    this.results.push(result);
  }
}
