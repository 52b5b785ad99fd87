import type { WorkspaceMeasure } from '../sandbox/backend.js';

/** A pause is so many times as long as the measure before it, and longer where several workspaces share the time. */
const PAUSE_FACTOR = 9;

/** Measures a workspace again and again, at a pace that its size allows: all workspaces take a tenth of the time. */
export class WorkspaceMeter {
  readonly #measure: () => Promise<WorkspaceMeasure | null>;
  readonly #onMeasure: (measure: WorkspaceMeasure) => void;
  #running: Promise<void> | null = null;
  #endedAt = 0;
  #tookMs = 0;

  constructor(measure: () => Promise<WorkspaceMeasure | null>, onMeasure: (measure: WorkspaceMeasure) => void) {
    this.#measure = measure;
    this.#onMeasure = onMeasure;
  }

  /**
   * Begins a measure where none is running and the pause is over. A measure that fails tells nothing.
   * @param sharers how many workspaces are measured in turn
   */
  tick(sharers: number): void {
    const pauseMs = PAUSE_FACTOR * sharers * this.#tookMs;
    if (performance.now() >= this.#endedAt + pauseMs) this.#begin();
  }

  /** Measures once more, whatever the pace, and resolves when it is told. */
  async finish(): Promise<void> {
    await this.#running;
    await this.#begin();
  }

  #begin(): Promise<void> {
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #run(): Promise<void> {
    const beganAt = performance.now();
    const measure = await this.#measure().catch(() => null);
    this.#endedAt = performance.now();
    this.#tookMs = this.#endedAt - beganAt;
    if (measure !== null) this.#onMeasure(measure);
  }
}
