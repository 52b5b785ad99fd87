import type { HostFrame } from '../../protocol/index.js';

/** The ids that a session has used: whether one is still in use depends on when its answer comes, which nobody can foretell. */
export class UsedIds {
  readonly #ids = new Set<number>();

  /** Uses the ids of these frames. False, and nothing is used, where one of them could be a fault in an open session. */
  claim(frames: readonly HostFrame[]): boolean {
    const claimed = new Set<number>();
    for (const frame of frames) {
      if (frame.type === 'init') return false;
      if (frame.type === 'stdin' && (this.#ids.has(frame.id) || claimed.has(frame.id))) return false;
      for (const id of idsBroughtUpBy(frame)) {
        if (this.#ids.has(id) || claimed.has(id)) return false;
        claimed.add(id);
      }
    }
    for (const id of claimed) this.#ids.add(id);
    return true;
  }
}

function idsBroughtUpBy(frame: HostFrame): readonly number[] {
  if (frame.type === 'submitBatch') return frame.body.tasks.map(([id]) => id);
  return frame.type === 'submit' || frame.type === 'query' || frame.type === 'ping' ? [frame.id] : [];
}
