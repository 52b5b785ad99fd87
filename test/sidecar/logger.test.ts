import { describe, expect, it } from 'vitest';
import type { ByteSink } from '../../src/session/index.js';
import { createLogger } from '../../src/sidecar/index.js';
import { createGate } from '../support/gate.js';

interface Line {
  readonly level: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** A reader of stderr that stops reading after so many lines until the gate is opened. */
function stderrOf(room: number): { sink: ByteSink; lines: Line[]; open: () => void } {
  const gate = createGate();
  const lines: Line[] = [];
  let left = room;
  const sink: ByteSink = {
    gone: new AbortController().signal,
    write(chunks) {
      for (const chunk of chunks) lines.push(JSON.parse(Buffer.from(chunk).toString()));
      left -= 1;
      return left > 0;
    },
    writeLent: () => undefined,
    async drained() {
      await gate.opened;
      left = Number.POSITIVE_INFINITY;
    },
    flushed: async () => {},
  };
  return { sink, lines, open: gate.open };
}

describe('the logger', () => {
  it('writes a line of JSON for each message of its level and above', async () => {
    const { sink, lines } = stderrOf(Number.POSITIVE_INFINITY);
    const logger = createLogger('warn', sink);
    logger.debug({ a: 1 }, 'not told');
    logger.info({ a: 1 }, 'not told');
    logger.warn({ limit: 'queueSize' }, 'told');
    logger.error({ a: 1 }, 'told as well');
    await expect.poll(() => lines.map(({ msg }) => msg)).toEqual(['told', 'told as well']);
    expect(lines[0]).toMatchObject({ name: 'exec-sidecar', limit: 'queueSize', level: 40 });
  });

  it('says nothing while it is silent, and goes by its level of the moment', async () => {
    const { sink, lines } = stderrOf(Number.POSITIVE_INFINITY);
    const logger = createLogger('silent', sink);
    logger.error({}, 'not told');
    logger.level = 'debug';
    logger.debug({}, 'told');
    await expect.poll(() => lines.map(({ msg }) => msg)).toEqual(['told']);
  });

  it.each(['err', 'error'])('tells the stack of an error in the field %s', async (field) => {
    const { sink, lines } = stderrOf(Number.POSITIVE_INFINITY);
    createLogger('error', sink).error({ [field]: new TypeError('broken') }, 'failed');
    await expect.poll(() => lines.length).toBe(1);
    expect(lines[0]![field]).toMatchObject({ type: 'TypeError', message: 'broken', stack: expect.any(String) });
  });

  it('drops lines while nobody reads, and tells how many when somebody does', async () => {
    const { sink, lines, open } = stderrOf(2);
    const logger = createLogger('warn', sink);
    for (let at = 0; at < 10; at += 1) logger.warn({ at }, 'line');
    await expect.poll(() => lines.map(({ at }) => at)).toEqual([0, 1]);
    open();
    await expect.poll(() => lines.length).toBe(3);
    expect(lines[2]).toMatchObject({ lines: 8, msg: 'log lines were dropped: nobody read stderr' });
    logger.warn({ at: 10 }, 'line');
    await expect.poll(() => lines.at(-1)).toMatchObject({ at: 10 });
  });
});
