import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  answerSchemas,
  fromTaggedJson,
  hostFrames,
  replySchema,
  sidecarFrames,
  taskSchema,
} from '../../protocol/index.js';
import { enumNamesOf, pointsOf, pointsShownBy } from './support/schema-points.js';
import { type FrameVector, hostVectors, sidecarVectors } from './support/vectors.js';

/** What the body of a frame really holds, where the frame itself lets anything pass: the Task, and the answers. */
const bodiesJudgedElsewhere: Readonly<Record<string, z.ZodType>> = {
  submit: taskSchema,
  submitBatch: z.object({ tasks: z.array(z.tuple([z.int(), taskSchema])) }),
  reply: z.union([...Object.values(answerSchemas), replySchema.required()]),
};

/**
 * A batch holds the Task of `submit`, a reply the TaskResult of `result`: what these vary is shown there. What nobody
 * enforces is never exceeded.
 */
const shownElsewhere = [
  /^submitBatch\.tasks\[\]\[1\]\./,
  /^reply \(form 5\)\./,
  /^result\.limitsExceeded\[\]\.enforcedBy = unavailable$/,
];

describe('the vectors show everything that can vary', () => {
  test.each(Object.entries(hostFrames))('in %s of the host', (type, { body }) => {
    expect(pointsNotShown(type, bodiesJudgedElsewhere[type] ?? body, hostVectors)).toEqual([]);
  });

  test.each(Object.entries(sidecarFrames))('in %s of the sidecar', (type, { body }) => {
    expect(pointsNotShown(type, bodiesJudgedElsewhere[type] ?? body, sidecarVectors)).toEqual([]);
  });

  test('and a value that no vector has would be told', () => {
    const body = z.object({ colour: z.enum(['red', 'green']), size: z.int().nullable().optional() });
    const vectors = [vectorOf({ colour: 'red', size: 1 })];
    expect(pointsNotShown('paint', body, vectors)).toEqual([
      'paint.colour = green',
      'paint.size left out',
      'paint.size = nil',
    ]);
  });
});

function pointsNotShown(type: string, schema: z.ZodType, vectors: readonly FrameVector[]): string[] {
  const enums = enumNamesOf(schema, type);
  const bodies = vectors.filter(({ json }) => json[0] === type).map(({ json }) => fromTaggedJson(json[2]));
  const shown = new Set(bodies.flatMap((body) => pointsShownBy(schema, type, body, enums)));
  return pointsOf(schema, type).filter((point) => !shown.has(point) && !shownElsewhere.some((one) => one.test(point)));
}

function vectorOf(body: object): FrameVector {
  return { name: 'a vector', direction: 'host-to-sidecar', hex: '', json: ['paint', 0, body] };
}
