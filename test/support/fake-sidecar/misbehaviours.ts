import { EXIT_CODES } from '../../../protocol/index.js';
import { resultBody } from './bodies.js';
import type { Step } from './steps.js';

/** Something that a sidecar should not do. */
export interface Misbehaviour {
  readonly steps: readonly Step[];
  /** What is said of it to those who wait. */
  readonly told: {
    readonly code: string;
    readonly protocolCode?: string;
    readonly exitCode?: number | null;
    readonly signal?: string | null;
    readonly missing?: string;
  };
}

const HEARTBEAT: Step = {
  send: 'heartbeat',
  body: { seq: 1, uptimeMs: 1, loopDelayMs: 0, active: 0, queued: 0 },
};
const HELLO: Step = {
  send: 'hello',
  body: {
    magic: 'exec-sidecar',
    protocol: { min: 1, max: 1 },
    version: '0.0.0',
    pid: 1,
    platform: 'any',
    maxFrameBytes: 16_777_215,
  },
};
const PROTOCOL_ERROR: Step = { send: 'protocolError', body: { code: 'duplicate_id', message: 'id 1 is in use' } };
const ALL_EXIT_CODES = Object.values(EXIT_CODES);

/** What goes wrong before `ready`. */
export const FAILED_STARTS: Readonly<Record<string, Misbehaviour>> = {
  'says nothing': { steps: [], told: { code: 'start_timeout', missing: 'hello' } },
  'says nothing and cannot be asked to end': {
    steps: [{ ignore: ['endOfStdin', 'SIGTERM'] }],
    told: { code: 'start_timeout', missing: 'hello' },
  },
  'says nothing after hello': { steps: [HELLO], told: { code: 'start_timeout', missing: 'ready' } },
  'speaks another version': {
    steps: [{ ...HELLO, body: { ...HELLO.body, protocol: { min: 2, max: 3 } } }],
    told: { code: 'unsupported_protocol' },
  },
  'writes text': {
    steps: [{ text: 'Welcome!\n' }],
    told: { code: 'sidecar_fault', protocolCode: 'frame_too_large' },
  },
  'writes text after hello': {
    steps: [HELLO, { text: 'Welcome!\n' }],
    told: { code: 'sidecar_fault', protocolCode: 'frame_too_large' },
  },
  'is killed inside hello': {
    steps: [{ cut: HELLO, bytes: 9 }, { die: 'SIGKILL' }],
    told: { code: 'sidecar_exited', exitCode: null, signal: 'SIGKILL' },
  },
  'dies inside hello': {
    steps: [{ cut: HELLO, bytes: 9 }, { exit: 1 }],
    told: { code: 'sidecar_fault', protocolCode: 'frame_truncated', exitCode: 1 },
  },
  'floods instead': {
    steps: [{ flood: HEARTBEAT, count: 1e6 }],
    told: { code: 'sidecar_fault', protocolCode: 'unexpected_frame' },
  },
  'refuses init': {
    steps: [HELLO, { expect: 'init' }, PROTOCOL_ERROR, { exit: 65 }],
    told: { code: 'protocol_error', protocolCode: 'duplicate_id', exitCode: 65 },
  },
  'closes its stdout': { steps: [{ closeStdout: true }], told: { code: 'sidecar_exited', exitCode: 0 } },
  'is killed': { steps: [{ die: 'SIGKILL' }], told: { code: 'sidecar_exited', exitCode: null, signal: 'SIGKILL' } },
  ...Object.fromEntries(
    ALL_EXIT_CODES.map((exitCode): [string, Misbehaviour] => [
      `exits with code ${exitCode}`,
      { steps: [{ exit: exitCode }], told: { code: 'sidecar_exited', exitCode, signal: null } },
    ]),
  ),
};

/** A misbehaviour that ends the sidecar. */
export interface Crash extends Misbehaviour {
  /** What those who wait for this are given before, by the names of the waiters. */
  readonly given?: readonly string[];
}

/** What goes wrong with a task `task`, and a task `stream` whose output is streamed. */
export const CRASHES: Readonly<Record<string, Crash>> = {
  'dies inside a frame': {
    steps: [{ cut: { send: 'result', id: 'task', body: resultBody() }, bytes: 99 }, { exit: 1 }],
    told: { code: 'sidecar_fault', protocolCode: 'frame_truncated', exitCode: 1 },
  },
  'is killed inside a frame': {
    steps: [{ cut: { send: 'result', id: 'task', body: resultBody() }, bytes: 99 }, { die: 'SIGKILL' }],
    told: { code: 'sidecar_exited', exitCode: null, signal: 'SIGKILL' },
  },
  'dies inside a frame of which every byte came alone': {
    steps: [{ split: true }, { cut: { send: 'result', id: 'task', body: resultBody() }, bytes: 99 }, { exit: 1 }],
    told: { code: 'sidecar_fault', protocolCode: 'frame_truncated', exitCode: 1 },
  },
  'writes text': {
    steps: [{ text: 'Segmentation fault\n' }],
    told: { code: 'sidecar_fault', protocolCode: 'frame_too_large' },
  },
  'sends a result for an id that nobody has used': {
    steps: [{ send: 'result', id: 9_999, body: resultBody() }],
    told: { code: 'sidecar_fault', protocolCode: 'unexpected_frame' },
  },
  'answers what nobody has asked': {
    steps: [{ send: 'pong', id: 9_999 }],
    told: { code: 'sidecar_fault', protocolCode: 'unexpected_frame' },
  },
  'floods with output beyond the window': {
    steps: [
      {
        flood: { send: 'output', id: 'stream', body: { stream: 'stdout', offset: 0, data: new Uint8Array(65_536) } },
        count: 1_000,
      },
    ],
    told: { code: 'sidecar_fault', protocolCode: 'window_overrun' },
    given: ['output'],
  },
  'sends a second result for an id': {
    steps: [
      { send: 'result', id: 'task', body: resultBody() },
      { send: 'result', id: 'task', body: resultBody() },
    ],
    told: { code: 'sidecar_fault', protocolCode: 'unexpected_frame' },
    given: ['accepted', 'started', 'result', 'unsent: sent'],
  },
  'floods with output that nobody asked for': {
    steps: [
      {
        flood: { send: 'output', id: 'task', body: { stream: 'stdout', offset: 0, data: Uint8Array.of(1) } },
        count: 1e6,
      },
    ],
    told: { code: 'sidecar_fault', protocolCode: 'unexpected_frame' },
  },
  'says that the host broke the protocol': {
    steps: [PROTOCOL_ERROR, { exit: 65 }],
    told: { code: 'protocol_error', protocolCode: 'duplicate_id', exitCode: 65 },
  },
  'says that the host broke the protocol, and stays': {
    steps: [PROTOCOL_ERROR],
    told: { code: 'protocol_error', protocolCode: 'duplicate_id', exitCode: 0 },
  },
  'says bye unasked, and stays': {
    steps: [{ send: 'bye', body: { reason: 'whim', completed: 0, cancelled: 0, leaked: 0 } }],
    told: { code: 'sidecar_exited', exitCode: 0 },
  },
  'closes its stdout, and stays': { steps: [{ closeStdout: true }], told: { code: 'sidecar_exited', exitCode: 0 } },
  'is killed': { steps: [{ die: 'SIGKILL' }], told: { code: 'sidecar_exited', exitCode: null, signal: 'SIGKILL' } },
  aborts: { steps: [{ die: 'SIGABRT' }], told: { code: 'sidecar_exited', exitCode: null, signal: 'SIGABRT' } },
  'stops its heartbeat': {
    steps: [{ heartbeats: { everyMs: 20, count: 5 } }],
    told: { code: 'sidecar_stuck', exitCode: null, signal: 'SIGKILL' },
  },
  'is stopped': {
    steps: [{ die: 'SIGSTOP' }],
    told: { code: 'sidecar_stuck', exitCode: null, signal: 'SIGKILL' },
  },
  ...Object.fromEntries(
    ALL_EXIT_CODES.map((exitCode): [string, Misbehaviour] => [
      `exits with code ${exitCode}`,
      { steps: [{ exit: exitCode }], told: { code: 'sidecar_exited', exitCode, signal: null } },
    ]),
  ),
};

/** How a sidecar that beats its heart answers nothing. `close` takes the step that is named. */
export const SILENCES: Readonly<Record<string, Misbehaviour & { readonly step: RegExp }>> = {
  'answers nothing': {
    steps: [],
    told: { code: 'sidecar_exited', exitCode: 0 },
    step: /endOfStdin/,
  },
  'accepts and starts a task and says nothing more': {
    steps: [
      { send: 'accepted', id: 'task', body: { executionId: 'execution-1', position: 0 } },
      { send: 'started', id: 'task', body: { queuedMs: 0 } },
    ],
    told: { code: 'sidecar_exited', exitCode: 0 },
    step: /endOfStdin/,
  },
  'floods with frames that are allowed': {
    steps: [{ flood: HEARTBEAT, count: 1e7 }],
    told: { code: 'sidecar_exited' },
    step: /endOfStdin|SIGTERM/,
  },
  'ignores the end of its stdin': {
    steps: [{ ignore: ['endOfStdin'] }],
    told: { code: 'sidecar_exited', exitCode: null, signal: 'SIGTERM' },
    step: /SIGTERM/,
  },
  'ignores everything': {
    steps: [{ ignore: ['endOfStdin', 'SIGTERM'] }],
    told: { code: 'sidecar_exited', exitCode: null, signal: 'SIGKILL' },
    step: /SIGKILL/,
  },
  'ignores everything and floods': {
    steps: [{ ignore: ['endOfStdin', 'SIGTERM'] }, { flood: HEARTBEAT, count: 1e7 }],
    told: { code: 'sidecar_exited', exitCode: null, signal: 'SIGKILL' },
    step: /SIGKILL/,
  },
};
