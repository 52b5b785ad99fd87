import { type Bye, type Heartbeat, type LimitWarning, ProtocolFault, type SidecarFrame } from '../../protocol/index.js';
import type { Work } from './work.js';

/** Who gets the frames of a sidecar. */
export interface Receivers {
  readonly work: Work;
  /** Whether output is still wanted. One that has been left may send it without credit. */
  readonly wantsOutput: () => boolean;
  readonly onLimitWarning: (warning: LimitWarning) => void;
  readonly onHeartbeat: (heartbeat: Heartbeat) => void;
  readonly onBye: (bye: Bye) => void;
}

/**
 * Hands on a frame of a sidecar that is ready.
 *
 * @throws ProtocolFault where nobody has asked for it
 */
export function dispatch(frame: SidecarFrame, to: Receivers): void {
  const { tasks, queries } = to.work;
  switch (frame.type) {
    case 'accepted':
    case 'started':
    case 'usage':
    case 'window':
    case 'result':
      tasks.receive(frame);
      break;
    case 'output':
      if (to.wantsOutput()) tasks.receive(frame);
      break;
    case 'limitWarning':
      if (frame.id === 0) to.onLimitWarning(frame.body);
      else tasks.receive(frame);
      break;
    case 'reply':
    case 'pong':
      queries.receive(frame);
      break;
    case 'heartbeat':
      to.onHeartbeat(frame.body);
      break;
    case 'bye':
      to.onBye(frame.body);
      break;
    default:
      throw new ProtocolFault('unexpected_frame', `${frame.type} came after the session was open`);
  }
}
