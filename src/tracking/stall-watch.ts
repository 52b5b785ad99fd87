import { SIDECAR_SCOPE } from './gauge-options.js';
import { ParkLog } from './park-log.js';
import type { Stall, StallHandler, WatchedLink } from './stall.js';

/** A link at which somebody has waited for so long, in ms, is stalled. */
export const STALL_MS = 1_000;

/** How often those who wait are looked at, in ms. */
const LOOK_MS = 250;

/** When a stall is told, in ms after its begin. */
const TOLD_AFTER_MS = [STALL_MS, 10_000, 60_000] as const;

/** How often it is told from then on, in ms. */
const TOLD_EVERY_MS = 600_000;

/** A link that has gone on for so long, in ms, is told as a new one; before that its next stall only goes on the last. */
const FORGET_MS = 60_000;

/** How many links of tasks are told of within that time. Those of the sidecar itself, which are few, always are. */
const MAX_TOLD_TASK_LINKS = 16;

interface OpenLink {
  readonly link: WatchedLink;
  readonly parks: ParkLog;
}

/** What has been told of a link. */
interface Story {
  readonly since: number;
  /** When it is to be told again, in ms after `since`. */
  dueAfterMs: number;
  /** Since when the stall that is told now lasts; null where none is. */
  stalledSince: number | null;
  releasedAt: number | null;
}

/**
 * Watches those who are parked and tells of links at which somebody has waited for more than a second: after a second,
 * ten seconds, a minute, and every ten minutes, and once when the link goes on. A link that stalls again and again is
 * told as one that has never gone on, and of the tasks' links at most 16 are told within a minute: how much is told is
 * bounded by time, whatever happens. One timer serves all links; it runs only while somebody is parked.
 */
export class StallWatch {
  readonly #tell: StallHandler;
  /** Those at which somebody waits now, in the order in which that began. */
  readonly #parked = new Set<OpenLink>();
  readonly #stories = new Map<OpenLink, Story>();
  #timer: NodeJS.Timeout | null = null;

  /** @param tell must not throw */
  constructor(tell: StallHandler) {
    this.#tell = tell;
  }

  /** Begins to watch a link: who waits at it parks in what is returned. */
  open(link: WatchedLink): ParkLog {
    const parks = new ParkLog({
      onParked: () => this.#onParked(opened),
      onReleased: () => this.#onReleased(opened),
    });
    const opened: OpenLink = { link, parks };
    return parks;
  }

  #onParked(opened: OpenLink): void {
    this.#parked.add(opened);
    this.#timer ??= setInterval(() => this.#look(), LOOK_MS).unref();
  }

  #onReleased(opened: OpenLink): void {
    this.#parked.delete(opened);
    const story = this.#stories.get(opened);
    if (story === undefined) return;
    const now = performance.now();
    story.releasedAt = now;
    if (story.stalledSince === null) return;
    const stalledMs = now - story.stalledSince;
    story.stalledSince = null;
    this.#tell(stallOf(opened, 'goesOn', stalledMs, this.#stalled(now).length));
  }

  #look(): void {
    const now = performance.now();
    const stalled = this.#stalled(now);
    for (const opened of stalled) {
      const story = this.#storyOf(opened, now);
      if (story === null || now - story.since < story.dueAfterMs) continue;
      story.dueAfterMs = nextDue(now - story.since);
      story.stalledSince ??= opened.parks.since ?? now;
      this.#tell(stallOf(opened, 'stalled', now - story.stalledSince, stalled.length - 1));
    }
    if (this.#parked.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }

  #stalled(now: number): OpenLink[] {
    return [...this.#parked].filter(({ parks }) => now - (parks.since ?? now) >= STALL_MS);
  }

  /** What has been told of a link, which is nothing yet where it is new; null where there is no place for it. */
  #storyOf(opened: OpenLink, now: number): Story | null {
    const known = this.#stories.get(opened);
    if (known !== undefined && !isOver(known, now)) {
      known.releasedAt = null;
      return known;
    }
    for (const [other, story] of this.#stories) if (isOver(story, now)) this.#stories.delete(other);
    const isOfTask = ({ link }: OpenLink) => link.scope !== SIDECAR_SCOPE;
    if (isOfTask(opened) && [...this.#stories.keys()].filter(isOfTask).length >= MAX_TOLD_TASK_LINKS) return null;
    const story: Story = {
      since: opened.parks.since ?? now,
      dueAfterMs: STALL_MS,
      stalledSince: null,
      releasedAt: null,
    };
    this.#stories.set(opened, story);
    return story;
  }
}

function isOver({ releasedAt }: Story, now: number): boolean {
  return releasedAt !== null && now - releasedAt >= FORGET_MS;
}

/** When the next line is due after one that was told so long after the begin, in ms after the begin. */
function nextDue(elapsedMs: number): number {
  return (
    TOLD_AFTER_MS.find((dueMs) => dueMs > elapsedMs) ?? (Math.floor(elapsedMs / TOLD_EVERY_MS) + 1) * TOLD_EVERY_MS
  );
}

function stallOf({ link }: OpenLink, kind: Stall['kind'], stalledMs: number, others: number): Stall {
  const { observed, capacity, unit, configKey } = link.reading();
  return {
    kind,
    link: link.name,
    scope: link.scope,
    slow: link.slow(),
    stalledMs: Math.floor(stalledMs),
    others,
    observed,
    capacity,
    unit,
    ...(configKey !== undefined && { configKey }),
  };
}
