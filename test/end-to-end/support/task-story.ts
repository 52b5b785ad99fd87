import type { SidecarFrame, TaskResult } from '../../../protocol/index.js';

/** What came for one task, from its first frame to its result. */
export interface TaskStory {
  readonly id: number;
  readonly frames: readonly SidecarFrame[];
  readonly result: TaskResult;
}

/**
 * The stories of all tasks, in the order of their results. An id may come again after its result: that begins another
 * story. Frames of an id that has no result after them are `rest`.
 */
export function tellStories(frames: readonly SidecarFrame[]): { stories: TaskStory[]; rest: SidecarFrame[] } {
  const stories: TaskStory[] = [];
  const open = new Map<number, SidecarFrame[]>();
  for (const frame of frames) {
    if (frame.id === 0) continue;
    const soFar = [...(open.get(frame.id) ?? []), frame];
    if (frame.type === 'result') stories.push({ id: frame.id, frames: soFar, result: frame.body });
    if (frame.type === 'result') open.delete(frame.id);
    else open.set(frame.id, soFar);
  }
  return { stories, rest: [...open.values()].flat() };
}

/** What breaks the order in which the frames of a task have to come; null where nothing does. */
export function disorderIn({ id, frames, result }: TaskStory): string | null {
  const types = frames.map(({ type }) => type);
  const isInOrder = ORDER.test(types.map((type) => `${type} `).join(''));
  const needsStart = result.status !== 'notExecuted' && result.status !== 'cancelled';
  if (isInOrder && (types.includes('started') || !needsStart)) return null;
  return `id ${id}, ${result.status}: ${types.join(', ')}`;
}

/** A task that was refused has only its result. */
const ORDER = /^(accepted (started ((output|usage|window|limitWarning) )*)?)?result $/;
