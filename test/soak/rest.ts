import { setTimeout as sleep } from 'node:timers/promises';
import type { FigureReader, Figures } from './figures.js';

/** What a sidecar without tasks holds no more of, however many it has had. */
const AT_REST = [
  'openFiles',
  'processes',
  'activeResources',
  'gauges',
  'queued',
  'cgroups',
  'mounts',
  'workspaces',
] as const satisfies readonly (keyof Figures)[];

/** What a sidecar holds that has nothing to do. */
export type RestFigures = Readonly<Record<(typeof AT_REST)[number], number>>;

const PAUSE_MS = 200;

/** So long a sidecar is given to let go of what it needs no more, in ms. */
const DEADLINE_MS = 15_000;

/** Waits until a sidecar that has nothing to do holds the same for a second. */
export async function restingFigures(reader: FigureReader): Promise<RestFigures> {
  const recent: string[] = [];
  return until(reader, (figures) => {
    recent.unshift(JSON.stringify(figures));
    return recent.length >= 5 && new Set(recent.slice(0, 5)).size === 1;
  });
}

/** Waits until a sidecar that has nothing to do holds no more than it did before; gives what it holds in the end. */
export function figuresAfter(reader: FigureReader, before: RestFigures): Promise<RestFigures> {
  return until(reader, (figures) => excessOf(figures, before).length === 0);
}

/** What there is more of than there was before. */
export function excessOf(after: RestFigures, before: RestFigures): (keyof RestFigures)[] {
  return AT_REST.filter((name) => after[name] > before[name]);
}

async function until(reader: FigureReader, isEnough: (figures: RestFigures) => boolean): Promise<RestFigures> {
  const deadline = performance.now() + DEADLINE_MS;
  for (;;) {
    const figures = atRest(await reader.read());
    if (isEnough(figures) || performance.now() > deadline) return figures;
    await sleep(PAUSE_MS);
  }
}

function atRest(figures: Figures): RestFigures {
  return Object.fromEntries(AT_REST.map((name) => [name, figures[name]])) as Record<keyof RestFigures, number>;
}
