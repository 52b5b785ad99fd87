import { describe, expect, test } from 'vitest';
import { hostFrames, parseHostFrame, parseSidecarFrame, sidecarFrames } from '../../../protocol/index.js';
import { faultOf } from '../support/faults.js';

const host = (type: string, id: number, body: Record<string, unknown> = {}) => parseHostFrame({ type, id, body });
const sidecar = (type: string, id: number, body: Record<string, unknown> = {}) => parseSidecarFrame({ type, id, body });

describe('a type', () => {
  test.each(['x-', 'x-trace', 'x-init'])('that begins with x- is ignored, whatever its id and body: %s', (type) => {
    expect(host(type, 0, { anything: 1 })).toBeNull();
    expect(sidecar(type, 4_294_967_295)).toBeNull();
  });

  test.each(['', 'Submit', 'X-trace', 'toString', '__proto__', 'hasOwnProperty'])(
    'that is not known is a fault: "%s"',
    (type) => {
      for (const parse of [host, sidecar]) {
        const fault = faultOf(() => parse(type, 1));
        expect(fault.code).toBe('unknown_type');
        expect(fault.message).toContain(JSON.stringify(type));
      }
    },
  );

  test('that is long is shown shortened', () => {
    expect(faultOf(() => host('t'.repeat(5000), 1)).message.length).toBeLessThan(200);
  });

  test('that only the other side sends is unexpected', () => {
    const onlySidecar = Object.keys(sidecarFrames).filter((type) => !Object.hasOwn(hostFrames, type));
    const onlyHost = Object.keys(hostFrames).filter((type) => !Object.hasOwn(sidecarFrames, type));
    expect(onlySidecar).toContain('result');
    expect(onlyHost).toContain('submit');
    for (const type of onlySidecar) {
      expect(faultOf(() => host(type, 1))).toMatchObject({
        code: 'unexpected_frame',
        message: `a frame of type "${type}" is never sent by the host`,
      });
    }
    for (const type of onlyHost) {
      expect(faultOf(() => sidecar(type, 1)).code).toBe('unexpected_frame');
    }
  });

  test('that both sides send has the body of its direction', () => {
    expect(host('window', 1, { outputBytes: 5 })).toEqual({ type: 'window', id: 1, body: { outputBytes: 5 } });
    expect(sidecar('window', 1, { stdinBytes: 5 })).toEqual({ type: 'window', id: 1, body: { stdinBytes: 5 } });
    expect(faultOf(() => host('window', 1, { stdinBytes: 5 })).code).toBe('invalid_body');
  });
});

describe('an id', () => {
  test.each(['init', 'submitBatch', 'shutdown'])('of %s must be 0', (type) => {
    expect(faultOf(() => host(type, 7))).toMatchObject({
      code: 'invalid_frame',
      message: `the id of ${type} must be 0, got 7`,
    });
  });

  test.each(['submit', 'stdin', 'window', 'signal', 'cancel', 'query'])('of %s must not be 0', (type) => {
    expect(faultOf(() => host(type, 0))).toMatchObject({
      code: 'invalid_frame',
      message: `the id of ${type} must be from 1 to 4294967295, got 0`,
    });
  });

  test('of ping may be either', () => {
    expect(host('ping', 0)).toEqual({ type: 'ping', id: 0, body: {} });
    expect(host('ping', 4_294_967_295)).not.toBeNull();
  });
});

describe('a body', () => {
  test('that is wrong is named by type, field, expectation and value', () => {
    expect(faultOf(() => host('shutdown', 0, { mode: 'drain', deadlineMs: -1 }))).toMatchObject({
      code: 'invalid_body',
      message: 'shutdown.deadlineMs: must be an integer >= 0, got -1',
      detail: { type: 'shutdown', field: 'deadlineMs' },
    });
    expect(
      faultOf(() =>
        host('submitBatch', 0, {
          tasks: [
            [1, {}],
            ['2', {}],
          ],
        }),
      ).message,
    ).toBe('submitBatch.tasks[1][0]: must be an integer from 1 to 4294967295, got "2"');
  });

  test('loses the fields that are not known', () => {
    expect(host('cancel', 1, { reason: 'r', extra: true })).toEqual({ type: 'cancel', id: 1, body: { reason: 'r' } });
  });

  test('of submit is passed on as it is: whether it is a Task is not the business of the connection', () => {
    const body = { command: 5, unknown: true };
    expect(host('submit', 1, body)).toEqual({ type: 'submit', id: 1, body });
    expect(host('submitBatch', 0, { tasks: [[1, 'no task']] })?.body).toEqual({ tasks: [[1, 'no task']] });
  });

  test('of ping is passed on as it is', () => {
    expect(host('ping', 1, { a: [1, { b: null }] })?.body).toEqual({ a: [1, { b: null }] });
  });

  test('of output may hold at most 65,536 bytes', () => {
    const output = (bytes: number) =>
      sidecar('output', 1, { stream: 'stdout', offset: 0, data: new Uint8Array(bytes) });
    expect(output(65_536)).not.toBeNull();
    expect(faultOf(() => output(65_537)).message).toBe(
      'output.data: must not exceed 65536 bytes, got bin of 65537 bytes',
    );
  });
});
