import { setImmediate as nextTurn } from 'node:timers/promises';

/** What serves a host that has its `ready`. */
export type Serving = typeof import('./serving-parts.js');

/** From what needs nothing else to what needs it all, none of it large. */
const PIECES = [
  () => import('../session/outbox.js'),
  () => import('../../protocol/schemas/primitives.js'),
  () => import('../../protocol/schemas/result.js'),
  () => import('../../protocol/schemas/task.js'),
  () => import('../../protocol/index.js'),
  () => import('../executor/index.js'),
];

let loading: Promise<Serving> | null = null;

/**
 * Loads what no start needs, a piece a turn: what the processes that a sandbox is tried out with have to say meanwhile is
 * heard between two. So it costs hardly any time where there is somebody to wait for. Idempotent.
 */
export function loadServing(): Promise<Serving> {
  loading ??= load();
  return loading;
}

async function load(): Promise<Serving> {
  for (const loadPiece of PIECES) {
    await nextTurn();
    await loadPiece();
  }
  return import('./serving-parts.js');
}
