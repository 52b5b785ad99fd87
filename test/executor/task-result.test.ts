import { describe, expect, it } from 'vitest';
import { type LimitEvidence, taskResultSchema } from '../../protocol/index.js';
import { determineStatus, limitBehindSignal, notRunResult } from '../../src/executor/task-result.js';
import { testLimits } from './support/tasks.js';

const exited = (exitCode: number) => ({ exitCode, signal: null });
const killedBy = (signal: string) => ({ exitCode: null, signal });

const timeoutEvidence: LimitEvidence = {
  limit: 'timeoutMs',
  capacity: 100,
  observed: 103,
  enforcedBy: 'timer',
  confidence: 'measured',
};
const outputEvidence: LimitEvidence = {
  limit: 'outputBytes',
  capacity: 10,
  observed: 12,
  enforcedBy: 'counter',
  confidence: 'measured',
};

describe('the status of a task that nobody ended', () => {
  it('is success for exit code 0', () => {
    expect(determineStatus(null, exited(0), [])).toEqual({ status: 'success', limitsExceeded: [] });
  });

  it('is failure for any other exit code or signal, and no error', () => {
    expect(determineStatus(null, exited(3), [])).toEqual({ status: 'failure', limitsExceeded: [] });
    expect(determineStatus(null, killedBy('SIGSEGV'), [])).toEqual({
      status: 'failure',
      limitsExceeded: [],
    });
  });

  it('stays success where a limit was passed that only cuts', () => {
    expect(determineStatus(null, exited(0), [outputEvidence])).toEqual({
      status: 'success',
      limitsExceeded: [outputEvidence],
    });
  });
});

describe('the limit behind a signal', () => {
  it.each([
    ['SIGXCPU', 'cpuLimitExceeded', 'cpuTimeMs'],
    ['SIGXFSZ', 'resourceLimitExceeded', 'fileSizeBytes'],
  ] as const)('is inferred from %s', (signal, status, limit) => {
    const struck = limitBehindSignal(killedBy(signal), testLimits, null);
    const evidence = {
      limit,
      capacity: testLimits[limit],
      observed: null,
      enforcedBy: 'rlimit',
      confidence: 'inferred',
    } as const;
    expect(struck).toEqual({ limit, capacity: testLimits[limit], cause: { status, evidence } });
    const verdict = determineStatus(struck!.cause, killedBy(signal), []);
    expect(verdict).toMatchObject({ status, limitsExceeded: [evidence] });
    expect(verdict.error).toMatchObject({ kind: 'resource', details: { code: 'limit_exceeded', limit } });
  });

  it('is none where the command has not used the CPU time for which the kernel would have sent SIGXCPU', () => {
    const { cpuTimeMs } = testLimits;
    expect(limitBehindSignal(killedBy('SIGXCPU'), testLimits, cpuTimeMs - 1)).toBeNull();
    expect(limitBehindSignal(killedBy('SIGXCPU'), testLimits, cpuTimeMs)).not.toBeNull();
  });

  it('is none for an exit code or another signal', () => {
    expect(limitBehindSignal(exited(0), testLimits, null)).toBeNull();
    expect(limitBehindSignal(killedBy('SIGKILL'), testLimits, null)).toBeNull();
  });
});

describe('the status of a task that was ended', () => {
  it('is that of the cause, whatever the exit tells', () => {
    for (const exit of [exited(0), killedBy('SIGKILL'), killedBy('SIGXCPU')]) {
      const verdict = determineStatus({ status: 'timeout', evidence: timeoutEvidence }, exit, []);
      expect(verdict.status).toBe('timeout');
      expect(verdict.limitsExceeded).toEqual([timeoutEvidence]);
    }
  });

  it('comes with an error that names the limit, its value, what was observed and what raises it', () => {
    const { error } = determineStatus({ status: 'timeout', evidence: timeoutEvidence }, exited(0), []);
    expect(error?.kind).toBe('timeout');
    expect(error?.message).toBe(
      "limits.timeoutMs of 100 exceeded: observed 103 (measured, enforced by timer); the task's limits.timeoutMs raises it",
    );
  });

  it('comes with the error of the cause where that has one', () => {
    const error = { kind: 'execution', message: 'cancelled by the host' } as const;
    const verdict = determineStatus({ status: 'cancelled', error }, killedBy('SIGKILL'), []);
    expect(verdict).toEqual({ status: 'cancelled', error, limitsExceeded: [] });
  });

  it('lists the evidence of the cause first and no limit twice', () => {
    const cause = { status: 'outputLimitExceeded', evidence: outputEvidence } as const;
    const later = { ...outputEvidence, observed: 99 };
    expect(determineStatus(cause, exited(0), [timeoutEvidence, later]).limitsExceeded).toEqual([
      outputEvidence,
      timeoutEvidence,
    ]);
  });
});

describe('the result of a task that never ran', () => {
  const base = {
    executionId: 'x',
    status: 'notExecuted',
    error: { kind: 'validation', message: 'wrong' },
    limits: testLimits,
  } as const;

  it('is a result of the wire protocol in which no figure is known', () => {
    const result = notRunResult(base);
    expect(taskResultSchema.safeParse(result).error).toBeUndefined();
    expect(new Set(Object.values(result.usage))).toEqual(new Set([null]));
    expect(result).toMatchObject({ exitCode: null, signal: null, cached: false, files: [], limitsExceeded: [] });
  });

  it('bears the label and the times that are known', () => {
    const result = notRunResult({ ...base, label: 'mine', timing: { queuedMs: 12 } });
    expect(result.label).toBe('mine');
    expect(result.timing).toEqual({ queuedMs: 12, setupMs: 0, runMs: 0, stalledMs: 0, collectMs: 0 });
    expect('label' in notRunResult(base)).toBe(false);
  });
});
