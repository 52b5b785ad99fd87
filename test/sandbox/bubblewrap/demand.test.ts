import { describe, expect, it } from 'vitest';
import { Demand } from '../../../src/sandbox/bubblewrap/demand.js';
import { policy } from './support.js';

const none = () => 0;

describe('the demand for prepared sandboxes', () => {
  it('is for one policy what that one is expected to have', () => {
    const demand = new Demand(4);
    demand.note(policy('a'), 8);
    expect(demand.wanted('a')).toBe(4);
    expect(demand.neediest(none)?.key).toBe('a');
    expect(demand.neediest(() => 4)).toBeNull();
  });

  it('does not follow a policy that came once, nor many that each came once', () => {
    const demand = new Demand(2);
    demand.note(policy('a'), 4);
    demand.note(policy('b'));
    expect([demand.wanted('a'), demand.wanted('b')]).toEqual([1, 0]);
    for (const key of ['c', 'd', 'e', 'f']) demand.note(policy(key));
    expect(demand.neediest(none)).toBeNull();
  });

  it('is divided between policies that take turns', () => {
    const demand = new Demand(4);
    for (let turn = 0; turn < 20; turn += 1) demand.note(policy(turn % 2 === 0 ? 'a' : 'b'));
    expect([demand.wanted('a'), demand.wanted('b')]).toEqual([2, 2]);
    expect(demand.neediest((key) => (key === 'a' ? 2 : 1))?.key).toBe('b');
  });

  it('is unmet where there is none of a policy of which some are wanted', () => {
    const demand = new Demand(2);
    expect(demand.isUnmet(none)).toBe(false);
    for (const key of ['a', 'b', 'a', 'b']) demand.note(policy(key));
    expect(demand.isUnmet(() => 1)).toBe(false);
    expect(demand.isUnmet((key) => (key === 'a' ? 2 : 0))).toBe(true);
    demand.note(policy('c'));
    expect(demand.isUnmet((key) => (key === 'c' ? 0 : 1))).toBe(false);
  });

  it('goes over to a policy that has replaced another', () => {
    const demand = new Demand(3);
    demand.note(policy('a'), 6);
    demand.note(policy('b'), 6);
    expect([demand.wanted('a'), demand.wanted('b')]).toEqual([0, 3]);
  });
});
