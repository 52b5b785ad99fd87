import { encodeFrame, PROTOCOL_VERSION, ProtocolFault, type SidecarFrame } from '../../protocol/index.js';
import type { TaskExecutor } from '../executor/index.js';
import { SandboxError } from '../sandbox/errors.js';
import type { SandboxManager } from '../sandbox/index.js';
import { newUuid } from '../sandbox/new-uuid.js';
import { type ByteSink, type Ending, endingOf, faultFrame, helloFrame, type SessionConfig } from '../session/index.js';
import { SettingsError } from './settings.js';
import { VERSION } from './version.js';

/** The first frame of all. */
export function sayHello(sink: ByteSink, maxFrameBytes: number): void {
  sink.write([encodeFrame(helloFrame({ version: VERSION, maxFrameBytes }))]);
}

/** The last frame of a connection that never opened. Resolves when it has left the process. */
export async function sayProtocolError(sink: ByteSink, fault: ProtocolFault): Promise<void> {
  sink.write([encodeFrame(faultFrame(fault))]);
  await sink.flushed();
}

/** The frame that opens the session: what the host may count on. */
export function readyFrame(executor: TaskExecutor, sandbox: SandboxManager, config: SessionConfig): SidecarFrame {
  return {
    type: 'ready',
    id: 0,
    body: {
      protocol: PROTOCOL_VERSION,
      sessionId: newUuid(),
      maxFrameBytes: config.maxFrameBytes,
      window: config.window,
      defaults: executor.defaultLimits,
      sandbox: { backend: sandbox.backend.name, network: sandbox.network, available: [...sandbox.available] },
      enforcement: sandbox.enforcement,
    },
  };
}

/** The ending that an error before `ready` stands for. Settings that the host gave and that cannot be are its fault. */
export function openingEnding(error: unknown): Ending {
  if (error instanceof SettingsError) {
    return endingOf(new ProtocolFault('invalid_config', error.message, { setting: error.setting }, { cause: error }));
  }
  if (error instanceof SandboxError) {
    return endingOf(new ProtocolFault('invalid_config', error.message, { setting: 'sandbox' }, { cause: error }));
  }
  return endingOf(error);
}

/** The ending of a connection that the host left, or that a signal ended, before it opened. */
export function unopenedEnding(termination: AbortSignal): Ending {
  return termination.aborted ? { kind: 'terminated', signal: String(termination.reason) } : { kind: 'eof' };
}
