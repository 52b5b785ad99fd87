import type { Bye } from '../../protocol/index.js';
import type { ExitStatus, SidecarChild } from './child.js';
import { type CloseOptions, Closing, type ClosingSidecar } from './closing.js';
import { deferred } from './deferred.js';
import { type Descent, descend, type GraceMs, type Graces, type Step, withGraces } from './ladder.js';
import type { CloseStep, ExitInfo } from './loss.js';

/** What the end of a session needs of it. */
export type EndingSession = Pick<ClosingSidecar, 'allSent' | 'cancelUnsent' | 'shutdown'> &
  Pick<Descent, 'endOfStdin'> & {
    /** Called once, as soon as nothing more is to be expected of the sidecar. */
    readonly onOver: () => void;
  };

/** The end of a sidecar process, whoever brings it about: itself, `close()`, or a fault. It comes exactly once. */
export class Lifetime {
  readonly #child: SidecarChild;
  readonly #sidecar: ClosingSidecar;
  readonly #onOver: () => void;
  readonly #closing: Closing;
  readonly #over = deferred<void>();
  readonly #exit = deferred<ExitInfo>();
  #graces: Graces;
  #isOver = false;
  #isClosed = false;
  #isEnding = false;
  #step: CloseStep | undefined;
  #bye: Bye | undefined;

  /** @param graceMs how long the steps may take where `close` does not say */
  constructor(child: SidecarChild, session: EndingSession, graceMs?: GraceMs) {
    this.#child = child;
    this.#onOver = session.onOver;
    this.#graces = withGraces(graceMs);
    this.#sidecar = {
      ...session,
      gone: child.gone,
      over: this.#over.promise,
      graces: () => this.#graces,
      kill: (signal) => child.kill(signal),
      onStep: (step) => {
        this.#step = step;
      },
    };
    this.#closing = new Closing(this.#sidecar);
    void child.gone.then((status) => this.#conclude(status));
  }

  /** Resolves once the sidecar is gone, or has outlived every attempt to end it. Never rejects. */
  get exit(): Promise<ExitInfo> {
    return this.#exit.promise;
  }

  /** Whether `close` has been called. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Whether the sidecar has been told that the host is gone, so that it may send output without credit. */
  get isLeft(): boolean {
    return this.#step !== undefined && this.#step !== 'shutdown';
  }

  /** Closes the sidecar. A second call with mode `now` hurries a drain. */
  close(options: CloseOptions): Promise<ExitInfo> {
    this.#graces = withGraces(options.graceMs, this.#graces);
    if (this.#isClosed && options.mode === 'now') this.#closing.hurry(options.deadlineMs);
    this.#isClosed = true;
    this.#begin(() => this.#closing.run(options));
    return this.exit;
  }

  /** The sidecar has said that it leaves, by `bye` or otherwise: nothing more is to be expected of it. */
  leaves(bye?: Bye): void {
    this.#bye ??= bye;
    this.end('bye');
  }

  /** Ends a sidecar of which nothing more is to be expected, beginning with `first`. */
  end(first: Step): void {
    this.#passOver();
    this.#begin(() => descend(this.#sidecar, first));
  }

  /** Only the first attempt is made: a later one can but hurry it, by what it has told it before. */
  #begin(attempt: () => Promise<void>): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#child.keepAlive.hold();
    void attempt().then(() => this.#conclude({ exitCode: null, signal: null }));
  }

  #conclude({ exitCode, signal }: ExitStatus): void {
    this.#isEnding = true;
    this.#passOver();
    this.#child.release();
    const stderrTail = this.#child.stderr.text();
    this.#exit.resolve({ exitCode, signal, stderrTail, bye: this.#bye, step: this.#step });
  }

  #passOver(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#onOver();
    this.#over.resolve();
  }
}
