import { describe, expect, it } from 'vitest';
import { ReplaceableFrames } from '../../src/session/replaceable-frames.js';

function drain(frames: ReplaceableFrames): number[] {
  const names: number[] = [];
  for (let next = frames.take(); next !== null; next = frames.take()) names.push(next[0]!);
  return names;
}

describe('replaceable frames', () => {
  it('keep only the newest of each key', () => {
    const frames = new ReplaceableFrames();
    frames.set('a', Uint8Array.of(1));
    frames.set('a', Uint8Array.of(2));
    expect(drain(frames)).toEqual([2]);
  });

  it('come in the order in which their newest came', () => {
    const frames = new ReplaceableFrames();
    frames.set('near', Uint8Array.of(1));
    frames.set('recovered', Uint8Array.of(2));
    frames.set('near', Uint8Array.of(3));
    expect(drain(frames)).toEqual([2, 3]);
  });

  it('are each taken once', () => {
    const frames = new ReplaceableFrames();
    frames.set('a', Uint8Array.of(1));
    expect(drain(frames)).toEqual([1]);
    frames.set('a', Uint8Array.of(2));
    expect(drain(frames)).toEqual([2]);
  });

  it('are gone when they are cleared', () => {
    const frames = new ReplaceableFrames();
    frames.set('a', Uint8Array.of(1));
    frames.clear();
    expect(frames.take()).toBeNull();
  });
});
