import type { EffectiveLimits, SidecarFrame } from '../../protocol/index.js';
import { encodeFrame, PROTOCOL_VERSION, ProtocolFault } from '../../protocol/wire.js';
import { SandboxError } from '../sandbox/errors.js';
import type { SandboxManager } from '../sandbox/index.js';
import { newUuid } from '../sandbox/new-uuid.js';
import type { ByteSink } from '../session/byte-streams.js';
import { type Ending, endingOf } from '../session/ending.js';
import { faultFrame, helloFrame } from '../session/handshake.js';
import type { SessionConfig } from '../session/session-config.js';
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
export function sayReady(
  sink: ByteSink,
  config: SessionConfig,
  { defaults, sandbox }: { readonly defaults: EffectiveLimits; readonly sandbox: SandboxManager },
): void {
  const frame: SidecarFrame = {
    type: 'ready',
    id: 0,
    body: {
      protocol: PROTOCOL_VERSION,
      sessionId: newUuid(),
      maxFrameBytes: config.maxFrameBytes,
      window: config.window,
      defaults,
      sandbox: { backend: sandbox.backend.name, network: sandbox.network, available: [...sandbox.available] },
      enforcement: sandbox.enforcement,
    },
  };
  sink.write([encodeFrame(frame)]);
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
