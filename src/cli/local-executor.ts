import { TaskExecutor } from '../executor/index.js';
import { SandboxManager } from '../sandbox/index.js';
import { tuneEngine } from '../sidecar/engine.js';
import { createLogger, executorConfig, type Settings, sandboxOptions, streamSink } from '../sidecar/index.js';
import { QueueRegistry } from '../tracking/index.js';
import type { CliIo } from './cli-io.js';
import { sweepCommand } from './serve.js';

/** An executor in this process, without frames: for subcommands that are their own host. */
export interface LocalExecutor extends AsyncDisposable {
  readonly executor: TaskExecutor;
  readonly registry: QueueRegistry;
}

/** @throws SandboxError where the sandbox that the settings ask for is not to be had */
export async function openLocalExecutor(settings: Settings, io: CliIo): Promise<LocalExecutor> {
  tuneEngine();
  const logger = createLogger(settings.logLevel, streamSink(io.stderr));
  const registry = QueueRegistry.global;
  registry.setLogger(logger);
  const sandbox = await SandboxManager.create(sandboxOptions(settings, { logger, sweepCommand: sweepCommand(io) }));
  const executor = new TaskExecutor({ config: executorConfig(settings), sandbox, registry, logger });
  return {
    executor,
    registry,
    async [Symbol.asyncDispose]() {
      await executor.close();
      await sandbox.close();
    },
  };
}
