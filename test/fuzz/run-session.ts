import { EXIT_CODES, encodeFrame, type ProtocolErrorCode } from '../../protocol/index.js';
import { FuzzFailure } from './fuzz-failure.js';
import { type FuzzSession, pingId } from './fuzz-session.js';
import { FuzzedSidecar } from './fuzzed-sidecar.js';
import type { Mutant } from './mutants.js';

/** What a session has come to. */
export interface SessionOutcome {
  /** Frames that the sidecar has dealt with. */
  readonly frames: number;
  /** The code of its `protocolError`, or `bye`, or `end` where it had nothing to say. */
  readonly ending: string;
  /** What the sidecar held in memory after each batch, in bytes. */
  readonly memory: readonly number[];
}

/** Faults that depend on what is under way, which nobody can tell from a frame alone. */
const FAULTS_OF_STATE: readonly ProtocolErrorCode[] = ['duplicate_id', 'unexpected_frame', 'window_overrun'];
const FAULTS_OF_INIT: readonly ProtocolErrorCode[] = ['invalid_config', 'unsupported_protocol', 'unexpected_frame'];

/**
 * Plays a session to a sidecar of its own.
 * @throws FuzzFailure where the sidecar crashes, hangs, says what is no frame, or ends otherwise than it must
 */
export async function runSession(plan: FuzzSession, command: readonly string[]): Promise<SessionOutcome> {
  await using sidecar = new FuzzedSidecar(command);
  let input = plan.init.bytes;
  const memory: number[] = [];
  let frames = 0;
  let expected = codesOf(plan.init, FAULTS_OF_INIT);
  try {
    await sidecar.send([input]);
    if (plan.init.verdict.kind === 'unfinished') sidecar.endStdin();
    await sidecar.answered('ready', 0);
    let batches = 0;
    for (const batch of sidecar.hasEnded ? [] : plan.batches()) {
      expected = FAULTS_OF_STATE;
      input = new Uint8Array(Buffer.concat([...batch, encodeFrame({ type: 'ping', id: pingId(batches), body: {} })]));
      await sidecar.send(plan.cut(input));
      await sidecar.answered('pong', pingId(batches));
      if (sidecar.hasEnded) break;
      batches += 1;
      frames += batch.length;
      memory.push(sidecar.memoryBytes ?? 0);
    }
    if (!sidecar.hasEnded) {
      const last = plan.last();
      input = last?.bytes ?? new Uint8Array(0);
      expected = last === null ? [] : codesOf(last, FAULTS_OF_STATE);
      await sidecar.send([input]);
      if (last?.verdict.kind !== 'fault') sidecar.endStdin();
    }
    return { frames: frames + 1, ending: checkEnding(await sidecar.ended(), expected, sidecar), memory };
  } catch (error) {
    const { message } = error as Error;
    throw new FuzzFailure(`session ${plan.index}: ${message}; its log: ${sidecar.log}`, input, { cause: error });
  }
}

/** The faults that a sidecar may find in a mutant. */
function codesOf({ verdict }: Mutant, ofState: readonly ProtocolErrorCode[]): readonly ProtocolErrorCode[] {
  if (verdict.kind === 'fault') return [verdict.code, ...ofState];
  return verdict.kind === 'unfinished' ? ['frame_truncated', ...ofState] : ofState;
}

/** @throws Error where a sidecar has not ended cleanly, or for another reason than it has */
function checkEnding(
  exit: number | string,
  expected: readonly ProtocolErrorCode[],
  { last, log }: FuzzedSidecar,
): string {
  if (/"level":[56]0|internal error/.test(log)) throw new Error('it has logged an error');
  if (last?.type !== 'protocolError') {
    if (exit !== EXIT_CODES.clean) throw new Error(`it has ended with ${exit} and no protocolError`);
    return last?.type === 'bye' ? 'bye' : 'end';
  }
  const { code, message } = last.body;
  const due = code === 'invalid_config' ? EXIT_CODES.configuration : EXIT_CODES.protocolFault;
  if (exit !== due) throw new Error(`it has ended with ${exit} instead of ${due} after ${code}: ${message}`);
  if (!expected.includes(code)) throw new Error(`${code} instead of one of ${expected.join(', ')}: ${message}`);
  return code;
}
