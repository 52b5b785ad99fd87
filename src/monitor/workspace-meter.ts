import type { WorkspaceMeasure } from '../sandbox/backend.js';

/** A measure that took so long is followed by a pause nine times as long: a tenth of the time at most. */
const PAUSE_FACTOR = 9;

/** Measures a workspace again and again, one at a time, at a pace that its size allows. */
export class WorkspaceMeter {
  readonly #measure: () => Promise<WorkspaceMeasure | null>;
  readonly #onMeasure: (measure: WorkspaceMeasure) => void;
  #running: Promise<void> | null = null;
  #due = 0;

  constructor(
    measure: () => Promise<WorkspaceMeasure | null>,
    onMeasure: (measure: WorkspaceMeasure) => void,
  ) {
    this.#measure = measure;
    this.#onMeasure = onMeasure;
  }

  /** Begins a measure where none is running and the pause is over. Never throws; a failed measure tells nothing. */
  tick(): void {
    if (performance.now() >= this.#due) this.#begin();
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
    const endedAt = performance.now();
    this.#due = endedAt + PAUSE_FACTOR * (endedAt - beganAt);
    if (measure !== null) this.#onMeasure(measure);
  }
}
