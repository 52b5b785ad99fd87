/**
 * The nearest figure that can be counted and sent: an integer from 0 to 2^53 − 1. Fractions are cut off, and what is
 * below 0 or no number at all is 0: a producer never fails because of what it measured.
 */
export function toCount(figure: number): number {
  return figure > 0 ? Math.floor(Math.min(figure, Number.MAX_SAFE_INTEGER)) : 0;
}
