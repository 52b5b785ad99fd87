/** The longest interval that a timer takes, in ms: a longer one would fire at once. */
export const MAX_TIMER_MS = 2_147_483_647;
