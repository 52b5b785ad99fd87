import {
  type HostFrame,
  type Init,
  PROTOCOL_VERSION,
  ProtocolFault,
  type Ready,
  type SidecarFrame,
} from '../../protocol/index.js';
import { UnsupportedProtocolError } from './errors.js';

/** The opening of a session: `hello` comes, `init` goes, `ready` comes. */
export class Handshake {
  readonly #init: Omit<Init, 'protocol'>;
  readonly #send: (frame: HostFrame) => void;
  #missing: 'hello' | 'ready' = 'hello';

  constructor(init: Omit<Init, 'protocol'>, send: (frame: HostFrame) => void) {
    this.#init = init;
    this.#send = send;
  }

  /** The frame that is due next. */
  get missing(): 'hello' | 'ready' {
    return this.#missing;
  }

  /**
   * Takes a frame that comes before the session is open, and gives the `ready` that opens it.
   *
   * @throws UnsupportedProtocolError where the sidecar does not speak this client's version
   * @throws ProtocolFault `unexpected_frame` where another frame is due
   */
  receive(frame: SidecarFrame): Ready | undefined {
    if (frame.type !== this.#missing) {
      throw new ProtocolFault('unexpected_frame', `${frame.type} came where ${this.#missing} was due`);
    }
    if (frame.type === 'ready') return frame.body;
    if (frame.type === 'hello') {
      const { protocol } = frame.body;
      if (protocol.min > PROTOCOL_VERSION || protocol.max < PROTOCOL_VERSION) {
        throw new UnsupportedProtocolError(protocol, PROTOCOL_VERSION);
      }
      this.#missing = 'ready';
      this.#send({ type: 'init', id: 0, body: { ...this.#init, protocol: PROTOCOL_VERSION } });
    }
    return undefined;
  }
}
