/** A limit that is filled to this percentage of its capacity, or more, warns. */
export const WARN_FILL_PERCENT = 80;

/** A limit that has warned must come down to this percentage, or less, before it warns again. */
export const REARM_FILL_PERCENT = 50;

/**
 * Finds the edges at which a fill is worth a warning. The gap between the two thresholds keeps a limit that hovers
 * about one of them from warning again and again.
 */
export class FillAlarm {
  #armed = true;

  /** Takes in a fill in percent and tells what it means: `near` disarms, `recovered` re-arms, null is neither. */
  observe(percent: number): 'near' | 'recovered' | null {
    if (this.#armed && percent >= WARN_FILL_PERCENT) {
      this.#armed = false;
      return 'near';
    }
    if (!this.#armed && percent <= REARM_FILL_PERCENT) {
      this.#armed = true;
      return 'recovered';
    }
    return null;
  }

  /** Disarms whatever the fill. False where it was disarmed already. */
  disarm(): boolean {
    const wasArmed = this.#armed;
    this.#armed = false;
    return wasArmed;
  }
}
