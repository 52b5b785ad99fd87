import type { SidecarFrame, TaskResult } from '../../protocol/index.js';
import { ProtocolFault } from '../../protocol/wire.js';
import { resultWeight } from '../executor/result-weight.js';
import type { Outbox } from './outbox.js';

/**
 * Sends a result in the frame that `toFrame` makes of it, after waiting for room. One that fits into no frame is sent
 * without its output and its files, so that there is a result whatever happens.
 */
export async function sendResult(
  outbox: Outbox,
  result: TaskResult,
  toFrame: (result: TaskResult) => SidecarFrame,
  onTaken: () => void,
): Promise<void> {
  const send = (sent: TaskResult) => {
    const frame = toFrame(sent);
    return outbox.result(frame.id, frame, resultWeight(sent), onTaken);
  };
  try {
    await send(result);
  } catch (error) {
    if (!(error instanceof ProtocolFault) || error.code !== 'frame_too_large') throw error;
    await send(withoutContent(result, error.message));
  }
}

function withoutContent(result: TaskResult, reason: string): TaskResult {
  const { stdout, stderr, truncated } = result;
  return {
    ...result,
    stdout: new Uint8Array(0),
    stderr: new Uint8Array(0),
    truncated: { stdout: truncated.stdout || stdout.length > 0, stderr: truncated.stderr || stderr.length > 0 },
    files: [],
    filesOmitted: [{ path: '', reason: `output and files are left out: ${reason}` }],
  };
}
