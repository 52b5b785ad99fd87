import type { Hello, HostFrame, Ready, SidecarFrame, WindowSizes } from '../../../protocol/index.js';

/** A frame of the sidecar as a script writes it: `id` is a number, or the name of an expectation. */
export interface ScriptedFrame {
  readonly send: SidecarFrame['type'];
  readonly id?: number | string;
  readonly body?: object;
}

/** Waits for the next frame of a type. Its id, or those of a batch (`a.0`, `a.1`, …), bear the name from then on. */
export interface Expectation {
  readonly expect: HostFrame['type'];
  readonly as?: string;
}

/** One thing that the fake sidecar does. After the last one it stays, silent, until its stdin ends. */
export type Step =
  | ScriptedFrame
  /** `hello`, the host's `init`, and `ready`. */
  | { readonly open: OpenOptions }
  | Expectation
  /** Answers every task and question from now on, and holds the host to its windows. */
  | { readonly serve: ServeOptions }
  /** The first bytes of a frame, and nothing of the rest. */
  | { readonly cut: ScriptedFrame; readonly bytes: number }
  /** Bytes that are no frame. */
  | { readonly text: string }
  /** Whether every byte is a write of its own from now on. */
  | { readonly split: boolean }
  /** Text on stderr, in which `$PID` stands for the process id. */
  | { readonly stderr: string }
  | { readonly wait: number }
  | { readonly exit: number }
  /** Ends itself by a signal. */
  | { readonly die: NodeJS.Signals }
  | { readonly closeStdout: true }
  /** None of these ends it from now on. */
  | { readonly ignore: readonly Ignorable[] }
  /** The same frame over and over, as fast as the host reads. */
  | { readonly flood: ScriptedFrame; readonly count: number }
  /** Heartbeats from now on, beside the steps that follow, and none after `count` of them. */
  | { readonly heartbeats: HeartbeatOptions }
  /** Every frame of the host is written to stderr from now on, one a line, as tagged JSON. */
  | { readonly report: true }
  | { readonly repeat: number; readonly steps: readonly Step[] };

/** What asks a sidecar to end. */
export type Ignorable = 'shutdown' | 'endOfStdin' | 'SIGTERM';

/** `loopDelayMs` is what the sidecar says of its own event loop. Default 0. */
export interface HeartbeatOptions {
  readonly everyMs: number;
  readonly count: number;
  readonly loopDelayMs?: number;
}

/** How long it takes, in ms, to start a task and again to finish it, and to answer a question. Default 0. */
export interface ServeOptions {
  readonly taskMs?: number;
  readonly answerMs?: number;
}

export interface OpenOptions {
  readonly hello?: Partial<Hello>;
  readonly ready?: ReadyOverrides;
}

export type ReadyOverrides = Partial<Omit<Ready, 'window'>> & { readonly window?: Partial<WindowSizes> };
