import { defaultLimits } from '../executor/config.js';
import { HeadStart } from '../sandbox/head-start.js';
import type { ByteSink, ByteSource } from '../session/byte-streams.js';
import { exitCodeOf } from '../session/ending.js';
import { receiveInit } from '../session/handshake.js';
import { watchParent } from '../session/parent-watch.js';
import { RawFrames } from '../session/raw-frames.js';
import { ReadAhead } from '../session/read-ahead.js';
import type { QueueRegistry } from '../tracking/index.js';
import { executorConfig, inboxBounds, outboxBounds, sandboxOptions, sessionConfig } from './derived-config.js';
import type { LeveledLogger } from './logger.js';
import { openingEnding, sayHello, sayProtocolError, sayReady, unopenedEnding } from './opening.js';
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
    const { maxFrameBytes } = await options.settings.resolve();
    const input = new ReadAhead(options.input);
    using _parent = watchParent(() => input.readOn());
    const frames = new RawFrames(input, maxFrameBytes);
    sayHello(sink, maxFrameBytes);
    // While the host answers, what any sandbox needs is started, and what opens one is loaded.
    await using headStart = new HeadStart(logger);
    const loading = import('../sandbox/index.js');
    const init = await receiveInit(frames, hostGone);
    if (init === null) return exitCodeOf(unopenedEnding(termination));
    const settings = await options.settings.resolve(init.config);
    frames.limitFrames(settings.maxFrameBytes);
    logger.level = settings.logLevel;

    const { SandboxManager } = await loading;
    await using sandbox = await SandboxManager.create({ ...sandboxOptions(settings, options), headStart });
    const config = sessionConfig(settings);
    sayReady(sink, config, { defaults: defaultLimits(executorConfig(settings)), sandbox });

    // What serves the host is loaded while that takes note.
    const serving = await import('./serving.js');
    const { FrameSource, Inbox, Outbox, PulseProbe, Session, startHeartbeat, TaskExecutor } = serving;
    serving.tuneEngine();
    await using executor = new TaskExecutor({ config: executorConfig(settings), sandbox, registry, logger });
    using outbox = new Outbox({ ...outboxBounds(settings), registry, sink });
    using inbox = new Inbox({ ...inboxBounds(settings), registry });
    using probe = new PulseProbe(executor);
    const source = new FrameSource(frames);
    const hostEnd = input.ended;
    const session = new Session({ config, source, hostEnd, sink, inbox, executor, outbox, registry, logger, probe });
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
