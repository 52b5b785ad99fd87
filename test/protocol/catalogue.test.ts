import { expect, test } from 'vitest';
import { trackedLimits } from '../../src/tracking/tracked-limit.js';
import { tableBelow } from './support/specification.js';

test('the catalogue in the specification is the catalogue of tracked limits', () => {
  const catalogue = Object.entries(trackedLimits).map(([limit, { category, unit, per, configKey, description }]) => [
    limit,
    category,
    unit,
    per,
    configKey,
    description,
  ]);
  expect(tableBelow('The catalogue of limits')).toEqual(catalogue);
});
