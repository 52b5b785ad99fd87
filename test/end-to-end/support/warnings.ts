import type { LimitWarning } from '../../../protocol/index.js';
import type { RawHost } from '../../support/raw-host.js';

/** The warnings about one limit of one task, all of which came before its result. */
export function warningsOf(host: RawHost, id: number, limit: string): LimitWarning[] {
  const end = host.frames.findIndex((frame) => frame.type === 'result' && frame.id === id);
  return host.frames
    .slice(0, end)
    .flatMap((frame) => (frame.type === 'limitWarning' && frame.id === id ? [frame.body] : []))
    .filter((warning) => warning.limit === limit);
}
