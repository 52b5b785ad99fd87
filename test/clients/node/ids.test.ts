import { describe, expect, it } from 'vitest';
import { Ids } from '../../../clients/node/ids.js';
import { MAX_ID } from '../../../protocol/index.js';

describe('frame ids', () => {
  it('rise from 1', () => {
    const ids = new Ids(() => false);
    expect([ids.next(), ids.next(), ids.next()]).toEqual([1, 2, 3]);
  });

  it('begin at 1 again after the largest, and leave out those in use', () => {
    const ids = new Ids((id) => id === 1 || id === 2, MAX_ID - 1);
    expect([ids.next(), ids.next(), ids.next()]).toEqual([MAX_ID, 3, 4]);
  });
});
