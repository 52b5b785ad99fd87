import {
  INIT_TIMEOUT_MS,
  type Init,
  MAGIC,
  PROTOCOL_VERSION,
  ProtocolFault,
  type SidecarFrame,
} from '../../protocol/index.js';
import type { FrameSource, ReceivedFrame } from './frame-source.js';

/** What the sidecar says of itself, unasked. */
export function helloFrame(identity: { version: string; maxFrameBytes: number }): SidecarFrame {
  return {
    type: 'hello',
    id: 0,
    body: {
      magic: MAGIC,
      protocol: { min: PROTOCOL_VERSION, max: PROTOCOL_VERSION },
      version: identity.version,
      pid: process.pid,
      platform: `${process.platform}-${process.arch}`,
      maxFrameBytes: identity.maxFrameBytes,
    },
  };
}

/** What the sidecar says last to a host that has broken the protocol. */
export function faultFrame({ code, message, detail }: ProtocolFault): SidecarFrame {
  return { type: 'protocolError', id: 0, body: { code, message, ...(detail && { detail }) } };
}

/**
 * Waits for the host's `init`. Null where the host is gone before it has said anything, or `signal` aborts.
 * @throws ProtocolFault `init_timeout`, `unexpected_frame` for another frame, `unsupported_protocol`
 */
export async function receiveInit(source: FrameSource, signal: AbortSignal): Promise<Init | null> {
  const received = await firstFrame(source, signal);
  if (received === null) return null;
  const { frame } = received;
  if (frame.type !== 'init') {
    throw new ProtocolFault('unexpected_frame', `${frame.type}: the first frame must be init`, { type: frame.type });
  }
  const { protocol } = frame.body;
  if (protocol !== PROTOCOL_VERSION) {
    const message = `init.protocol: ${protocol} is not spoken here; supported: ${PROTOCOL_VERSION}`;
    throw new ProtocolFault('unsupported_protocol', message, {
      requested: protocol,
      min: PROTOCOL_VERSION,
      max: PROTOCOL_VERSION,
    });
  }
  return frame.body;
}

/** The first frame of the host, or null where it is gone or `signal` aborts. */
function firstFrame(source: FrameSource, signal: AbortSignal): Promise<ReceivedFrame | null> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      act();
    };
    const stop = () => settle(() => resolve(null));
    const timer = setTimeout(() => settle(() => reject(initTimeout())), INIT_TIMEOUT_MS);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    source.next().then(
      (received) => settle(() => resolve(received)),
      (error: unknown) => settle(() => reject(error)),
    );
  });
}

function initTimeout(): ProtocolFault {
  const message = `no init came within ${INIT_TIMEOUT_MS} ms of hello`;
  return new ProtocolFault('init_timeout', message, { timeoutMs: INIT_TIMEOUT_MS });
}
