import { expect, it } from 'vitest';
import { newUuid } from '../../src/sandbox/new-uuid.js';

it('a new UUID is a random one, and another each time', () => {
  const made = Array.from({ length: 100 }, newUuid);
  expect(
    made.filter((id) => !/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id)),
  ).toEqual([]);
  expect(new Set(made).size).toBe(made.length);
});
