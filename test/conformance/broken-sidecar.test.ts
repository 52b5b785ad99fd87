import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXECUTABLE } from '../end-to-end/support/executable.js';
import { type BuiltProgram, bundle } from '../support/bundle.js';
import { failuresIn, runConformance } from './support/runner.js';

const SIDECAR = [EXECUTABLE, 'serve', '--sandbox', 'process'];

describe('the runner finds', () => {
  let broken: BuiltProgram;
  beforeAll(async () => {
    broken = await bundle(new URL('support/broken-sidecar.ts', import.meta.url));
  });
  afterAll(() => broken[Symbol.asyncDispose]());

  const check = (defect: string, transcript: string) =>
    runConformance(['--only', transcript], [process.execPath, broken.path, defect, ...SIDECAR]);

  it('nothing in a sidecar whose frames are passed on as they are', async () => {
    const { exitCode, report } = await check('none', 'shutdown-');
    expect(failuresIn(report)).toEqual([]);
    expect(exitCode).toBe(0);
  });

  it.each([
    ['wrong magic', 'opening-ended-by-host', 'magic'],
    ['a result twice', 'task-success', 'result'],
    ['no accepted', 'task-success', 'type must be "accepted", got "started"'],
    ['started before accepted', 'task-success', 'type must be "accepted", got "started"'],
    ['a missing field', 'task-success', 'usage'],
    ['a gap in the output', 'output-streamed', 'offset'],
    ['another code', 'fault-frame-empty', 'body.code must be "frame_empty", got "invalid_frame"'],
    ['a pong of its own', 'batch-empty', 'body.still must be "here", got "not here"'],
    ['an unknown type', 'opening-with-settings', 'progress'],
    ['a frame behind the last', 'fault-frame-empty', 'a frame came instead of the end: ["pong",1'],
    ['another exit code', 'fault-frame-empty', 'the exit must be 65, got 1'],
    ['text', 'shutdown-idle', 'debug'],
  ])('%s', async (defect, transcript, reason) => {
    const { exitCode, stdout, report } = await check(defect, transcript);
    expect(exitCode).toBe(1);
    expect(failuresIn(report).join()).toContain(reason);
    expect(stdout).toContain('FAIL');
  });

  it('a sidecar that says nothing, within the time of the step', async () => {
    const { exitCode, report } = await check('silent', 'shutdown-idle');
    expect(exitCode).toBe(1);
    expect(failuresIn(report).join()).toContain('line 2: nothing came in time');
  });

  it('a command that cannot be started', async () => {
    const { exitCode, report } = await runConformance(['--only', 'shutdown-idle'], ['/no/such/sidecar']);
    expect(exitCode).toBe(1);
    expect(failuresIn(report).join()).toContain('the stream ended');
    expect(report!.transcripts[0]!.log).toContain('/no/such/sidecar');
  });
});

describe('the runner refuses', () => {
  it.each([
    [['--no-such-flag'], 'no-such-flag'],
    [['--parallel', '0'], '--parallel must be a number of at least 1'],
    [['serve'], 'serve TRANSCRIPT'],
    [['--only', 'no-such-transcript'], 'no-such-transcript'],
    [['--transcripts', '/no/such/folder'], '/no/such/folder'],
  ])('%j', async (args, named) => {
    const { exitCode, stderr, report } = await runConformance(args);
    expect(exitCode).toBe(64);
    expect(stderr).toContain(named);
    expect(stderr).toContain('usage:');
    expect(report).toBeUndefined();
  });
});
