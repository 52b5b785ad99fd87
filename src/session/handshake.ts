import type { HostFrame, Init, SidecarFrame } from '../../protocol/index.js';
import { INIT_TIMEOUT_MS, MAGIC, PROTOCOL_VERSION, ProtocolFault, parsePlainInit } from '../../protocol/wire.js';
import type { RawFrames } from './raw-frames.js';

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
 * @throws ProtocolFault `init_timeout`, `unexpected_frame` for another frame, `unsupported_protocol`, and what
 * `parseHostFrame` throws
 */
export async function receiveInit(frames: RawFrames, signal: AbortSignal): Promise<Init | null> {
  const init = await within(firstInit(frames), signal);
  if (init === null) return null;
  const { protocol } = init;
  if (protocol !== PROTOCOL_VERSION) {
    const message = `init.protocol: ${protocol} is not spoken here; supported: ${PROTOCOL_VERSION}`;
    throw new ProtocolFault('unsupported_protocol', message, {
      requested: protocol,
      min: PROTOCOL_VERSION,
      max: PROTOCOL_VERSION,
    });
  }
  return init;
}

/** The first frame of the host that is not to be ignored, or null where it is gone. The schemas are loaded if need be. */
async function firstInit(frames: RawFrames): Promise<Init | null> {
  for (let received = await frames.next(); received !== null; received = await frames.next()) {
    const init =
      parsePlainInit(received.raw) ?? initOf((await import('../../protocol/index.js')).parseHostFrame(received.raw));
    if (init !== undefined) return init;
  }
  return null;
}

function initOf(frame: HostFrame | null): Init | undefined {
  if (frame === null || frame.type === 'init') return frame?.body;
  throw new ProtocolFault('unexpected_frame', `${frame.type}: the first frame must be init`, { type: frame.type });
}

/** What `init` settles to, or null where `signal` aborts before; rejects where it takes too long. */
function within(init: Promise<Init | null>, signal: AbortSignal): Promise<Init | null> {
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
    init.then(
      (received) => settle(() => resolve(received)),
      (error: unknown) => settle(() => reject(error)),
    );
  });
}

function initTimeout(): ProtocolFault {
  const message = `no init came within ${INIT_TIMEOUT_MS} ms of hello`;
  return new ProtocolFault('init_timeout', message, { timeoutMs: INIT_TIMEOUT_MS });
}
