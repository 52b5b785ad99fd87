import { existsSync, readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import {
  backendAvailabilitySchema,
  EXIT_CODES,
  effectiveLimitsSchema,
  encodeFrame,
  enforcementMechanismSchema,
  enforcementTableSchema,
  errorKindSchema,
  executionStatisticsSchema,
  FrameReader,
  fromTaggedJson,
  healthSchema,
  hostFrames,
  limitEvidenceSchema,
  outputOptionsSchema,
  percentilesSchema,
  protocolErrorCodeSchema,
  queueSnapshotSchema,
  resourceUsageSchema,
  sidecarFrames,
  signalNameSchema,
  taskFileSchema,
  taskLimitsSchema,
  taskResultSchema,
  taskSchema,
  taskStatusSchema,
  taskSummarySchema,
  taskTimingSchema,
  windowSizesSchema,
  wireErrorSchema,
} from '../../protocol/index.js';
import { concat, fromHex, toHex } from './support/bytes.js';
import { specification, tableBelow } from './support/specification.js';
import { parserFor } from './support/vectors.js';

type Shape = Readonly<Record<string, z.ZodType>>;

const records: Record<string, Shape> = {
  WindowSizes: windowSizesSchema.shape,
  EnforcementTable: enforcementTableSchema.shape,
  Task: taskSchema.shape,
  TaskFile: taskFileSchema.shape,
  OutputOptions: outputOptionsSchema.shape,
  TaskLimits: taskLimitsSchema.shape,
  EffectiveLimits: effectiveLimitsSchema.shape,
  TaskResult: taskResultSchema.shape,
  WireError: wireErrorSchema.shape,
  ResourceUsage: resourceUsageSchema.shape,
  LimitEvidence: limitEvidenceSchema.shape,
  TaskTiming: taskTimingSchema.shape,
  QueueSnapshot: queueSnapshotSchema.shape,
  Statistics: executionStatisticsSchema.shape,
  Percentiles: percentilesSchema.shape,
  TaskSummary: taskSummarySchema.shape,
  Health: healthSchema.shape,
};

/** Bodies that are described elsewhere (a Task, a TaskResult, the answers) or may hold anything. */
const describedElsewhere = ['submit', 'result', 'reply', 'query', 'ping', 'pong'];

function frameShapes(frames: Readonly<Record<string, { body: z.ZodType }>>, direction: string): [string, Shape][] {
  return Object.entries(frames)
    .filter(([type]) => !describedElsewhere.includes(type))
    .map(([type, { body }]) => [`\`${type}\` · ${direction}`, (body as z.ZodObject).shape]);
}

describe('the fields in the specification are those of the schemas', () => {
  const shapes = [
    ...frameShapes(hostFrames, 'host → sidecar'),
    ...frameShapes(sidecarFrames, 'sidecar → host'),
    ...Object.entries(records),
  ];

  test.each(shapes)('%s', (heading, shape) => {
    const rows = tableBelow(heading)!.map(([field, type]) => ({ field, nil: type!.includes('nil') }));
    const fields = Object.entries(shape).map(([name, schema]) => ({
      field: schema.safeParse(undefined).success ? `${name}?` : name,
      nil: schema.safeParse(null).success,
    }));
    expect(rows).toEqual(fields);
  });
});

test.each([
  ...Object.keys(hostFrames).map((type) => `\`${type}\` · host → sidecar`),
  ...Object.keys(sidecarFrames).map((type) => `\`${type}\` · sidecar → host`),
])('the specification describes %s', (heading) => {
  expect(() => tableBelow(heading)).not.toThrow();
});

describe('the words in the specification are those of the schemas', () => {
  const firstColumn = (heading: string) => tableBelow(heading)!.map(([cell]) => cell);

  test('statuses', () => {
    expect(firstColumn('Statuses')).toEqual(taskStatusSchema.options);
  });

  test('exit codes', () => {
    expect(firstColumn('Exit codes')).toEqual(Object.values(EXIT_CODES).map(String));
  });

  test.each([
    ['signals', signalNameSchema.options],
    ['enforcement mechanisms', enforcementMechanismSchema.options],
    ['kinds of errors', errorKindSchema.options],
    ['fields of a backend', Object.keys(backendAvailabilitySchema.shape)],
  ])('%s', (_, words) => {
    expect(words.filter((word) => !new RegExp(`\\b${word}\\b`).test(specification))).toEqual([]);
  });
});

describe('the codes of faults', () => {
  const rows = tableBelow('Codes')!;

  test('are those of the schema', () => {
    expect(rows.map(([code]) => code)).toEqual(protocolErrorCodeSchema.options);
  });

  test.each(rows.filter(([, , example]) => /^[0-9a-f]{2}( |$)/.test(example!)))(
    'have examples that cause them: %s',
    (code, _, example) => {
      const [hex] = /^([0-9a-f]{2}( |$))+/.exec(example!)!;
      const read = () => {
        const reader = new FrameReader();
        expect([...reader.push(fromHex(hex))]).toEqual([]);
        reader.end();
      };
      expect(read).toThrow(expect.objectContaining({ code }));
    },
  );
});

test('the bytes of the exchange are the frames that stand above them', () => {
  const exchange = specification.slice(specification.lastIndexOf('The bytes of such an exchange'));
  const frames = [...exchange.matchAll(/^(host|sidecar) → (?:host|sidecar) {2}(\[.*\])\n((?: {2}[0-9a-f ]+\n)+)/gm)];
  expect(frames).toHaveLength(7);
  for (const [, sender, json, hex] of frames) {
    const [type, id, body] = fromTaggedJson(JSON.parse(json!)) as [string, number, Record<string, unknown>];
    expect(toHex(encodeFrame({ type, id, body }))).toBe(hex!.replaceAll(/\s/g, ''));
    const parse = parserFor(sender === 'host' ? 'host-to-sidecar' : 'sidecar-to-host');
    expect(parse({ type, id, body })).toEqual({ type, id, body });
  }
  const stream = concat(...frames.map(([, , , hex]) => fromHex(hex!.replaceAll('\n', ''))));
  expect([...new FrameReader().push(stream)]).toHaveLength(7);
});

test('every link in the specification leads somewhere', () => {
  const anchors = new Set(
    [...specification.matchAll(/^#{1,3} (.+)$/gm)].map(([, heading]) =>
      heading!
        .toLowerCase()
        .replaceAll(/[^\p{Letter}\p{Number}\s-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
  const links = [...specification.matchAll(/\]\(([^)]+)\)/g)].map(([, target]) => target!);
  expect(links.length).toBeGreaterThan(20);
  for (const link of links.filter((target) => target.startsWith('#'))) {
    expect(anchors).toContain(link.slice(1));
  }
  for (const link of links.filter((target) => !/^(#|https:)/.test(target))) {
    expect(existsSync(new URL(`../../protocol/${link}`, import.meta.url))).toBe(true);
  }
});

test('the table of vector files names those that are there', () => {
  const files = readdirSync(new URL('../../protocol/vectors/', import.meta.url)).sort();
  expect(
    tableBelow('Vectors')!
      .map(([file]) => file)
      .sort(),
  ).toEqual(files);
});
