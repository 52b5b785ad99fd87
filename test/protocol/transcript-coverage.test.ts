import { describe, expect, test } from 'vitest';
import { hostFrames, limitWarningKindSchema, protocolErrorCodeSchema, sidecarFrames } from '../../protocol/index.js';
import { loadTranscripts } from '../conformance/check-sidecar.js';
import type { Json } from '../conformance/json.js';
import { TRANSCRIPTS } from '../conformance/support/runner.js';
import type { Transcript } from '../conformance/transcript.js';

const transcripts = loadTranscripts(TRANSCRIPTS);
const ofHost = transcripts.filter(({ header }) => header.plays === 'host');
const ofSidecar = transcripts.filter(({ header }) => header.plays === 'sidecar');

describe('the transcripts that check a sidecar', () => {
  test('send every frame of the host', () => {
    expect(
      missing(
        Object.keys(hostFrames),
        sentBy(ofHost).map(([type]) => type),
      ),
    ).toEqual([]);
  });

  test('expect every frame of the sidecar', () => {
    // What output holds is expected as bytes, however it is cut into frames.
    const types = [...expectedBy(ofHost).map(([type]) => type), 'output'];
    expect(missing(Object.keys(sidecarFrames), types)).toEqual([]);
  });

  test('expect every code of protocolError', () => {
    const codes = expectedBy(ofHost).flatMap(([type, , body]) =>
      type === 'protocolError' ? [fieldOf(body, 'code')] : [],
    );
    expect(missing(protocolErrorCodeSchema.options, codes)).toEqual([]);
  });

  test('expect every kind of warning', () => {
    const kinds = expectedBy(ofHost).flatMap(([type, , body]) =>
      type === 'limitWarning' ? [fieldOf(body, 'kind')] : [],
    );
    expect(missing(limitWarningKindSchema.options, kinds)).toEqual([]);
  });

  test('ask every question', () => {
    const questions = sentBy(ofHost).flatMap(([type, , body]) => (type === 'query' ? [fieldOf(body, 'what')] : []));
    expect(missing(['queues', 'statistics', 'tasks', 'health', 'result'], questions)).toEqual([]);
  });
});

describe('the transcripts that check a client', () => {
  test('tell what its user does', () => {
    expect(ofSidecar.length).toBeGreaterThan(10);
    expect(ofSidecar.filter(({ header }) => header.client === undefined)).toEqual([]);
  });
});

type Frame = readonly [type: string, id: Json, body: Json];

function sentBy(scripts: readonly Transcript[]): Frame[] {
  return stepsOf(scripts, 'send') as Frame[];
}

function expectedBy(scripts: readonly Transcript[]): Frame[] {
  return [
    ...stepsOf(scripts, 'expect'),
    ...stepsOf(scripts, 'expectAll').flatMap((all) => all as readonly Json[]),
  ] as Frame[];
}

function stepsOf(scripts: readonly Transcript[], verb: string): Json[] {
  return scripts.flatMap(({ steps }) => steps.flatMap((step) => (step.verb === verb ? [step.fields[verb]!] : [])));
}

function fieldOf(body: Json | undefined, field: string): Json | undefined {
  return (body as Record<string, Json> | undefined)?.[field];
}

function missing(all: readonly string[], covered: readonly unknown[]): string[] {
  return all.filter((one) => !covered.includes(one));
}
