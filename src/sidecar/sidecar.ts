import {
  type ByteSink,
  type ByteSource,
  exitCodeOf,
  FrameSource,
  Inbox,
  Outbox,
  ReadAhead,
  receiveInit,
  Session,
  startHeartbeat,
  watchParent,
} from '../session/index.js';
import type { QueueRegistry } from '../tracking/index.js';
import { executorConfig, inboxBounds, outboxBounds, sandboxOptions, sessionConfig } from './derived-config.js';
import type { LeveledLogger } from './logger.js';
import { openingEnding, readyFrame, sayHello, sayProtocolError, unopenedEnding } from './opening.js';
import { PulseProbe } from './pulse-probe.js';
import type { SettingsLayers } from './settings.js';

/** What a sidecar is made of that belongs to the process it runs in. */
export interface SidecarOptions {
  /** Where the host's frames come from. */
  readonly input: ByteSource;
  /** Where frames to the host go. */
  readonly sink: ByteSink;
  readonly settings: SettingsLayers;
  readonly registry: QueueRegistry;
  /** Its level follows the settings of the host. */
  readonly logger: LeveledLogger;
  /** Aborts with the name of the signal as its reason when the process is told to end. */
  readonly termination: AbortSignal;
  /** The command that sweeps up after a sidecar that was killed; the folder to sweep is added to it. */
  readonly sweepCommand: readonly string[];
}

/**
 * Serves one host, from `hello` to its end. Resolves with the exit code when every task is dead and all is said.
 *
 *     host ──▶ ReadAhead ─▶ FrameSource ─▶ Inbox ─▶ Scheduler ─▶ worker ─▶ Sandbox ─▶ process
 *                                                                          │
 *     host ◀── FramePump ◀── Outbox ◀────── ResultCollector ◀──────────────┘
 */
export async function runSidecar(options: SidecarOptions): Promise<number> {
  const { sink, registry, logger, termination } = options;
  const hostGone = AbortSignal.any([termination, sink.gone]);
  try {
    const { maxFrameBytes } = options.settings.resolve();
    const input = new ReadAhead(options.input);
    using _parent = watchParent(() => input.readOn());
    const source = new FrameSource(input, maxFrameBytes);
    sayHello(sink, maxFrameBytes);
    // While the host answers, what is not needed to hear of it is loaded.
    const loading = Promise.all([import('../sandbox/index.js'), import('../executor/index.js')]);
    const init = await receiveInit(source, hostGone);
    if (init === null) return exitCodeOf(unopenedEnding(termination));
    const settings = options.settings.resolve(init.config);
    source.limitFrames(settings.maxFrameBytes);
    logger.level = settings.logLevel;

    const [{ SandboxManager }, { TaskExecutor }] = await loading;
    await using sandbox = await SandboxManager.create(sandboxOptions(settings, options));
    await using executor = new TaskExecutor({ config: executorConfig(settings), sandbox, registry, logger });
    using outbox = new Outbox({ ...outboxBounds(settings), registry, sink });
    using inbox = new Inbox({ ...inboxBounds(settings), registry });
    using probe = new PulseProbe(executor);
    const config = sessionConfig(settings);
    const hostEnd = input.ended;
    const session = new Session({ config, source, hostEnd, sink, inbox, executor, outbox, registry, logger, probe });

    outbox.control(readyFrame(executor, sandbox, config));
    sandbox.keepWarm(executor.defaultLimits);
    using _heartbeat = startHeartbeat(init.heartbeatMs, outbox, probe);
    return await session.run(termination);
  } catch (error) {
    const ending = openingEnding(error);
    if (ending.kind === 'fault') await sayProtocolError(sink, ending.fault);
    else logger.error({ err: error }, 'the sidecar failed');
    return exitCodeOf(ending);
  }
}
