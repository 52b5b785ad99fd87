import {
  type Hello,
  MAGIC,
  MAX_FRAME_BYTES,
  PROTOCOL_VERSION,
  type Ready,
  type TaskResult,
} from '../../../protocol/index.js';
import type { ReadyOverrides } from './steps.js';

const limits = {
  timeoutMs: 30_000,
  cpuTimeMs: 30_000,
  memoryBytes: 536_870_912,
  processes: 64,
  openFiles: 1_024,
  fileSizeBytes: 67_108_864,
  outputBytes: 1_048_576,
  workspaceBytes: 268_435_456,
  cpuPercent: null,
};

export function helloBody(overrides: Partial<Hello> = {}): Hello {
  return {
    magic: MAGIC,
    protocol: { min: PROTOCOL_VERSION, max: PROTOCOL_VERSION },
    version: '0.0.0',
    pid: process.pid,
    platform: process.platform,
    maxFrameBytes: MAX_FRAME_BYTES,
    ...overrides,
  };
}

export function readyBody(overrides: ReadyOverrides = {}): Ready {
  const { window, ...rest } = overrides;
  return {
    protocol: PROTOCOL_VERSION,
    sessionId: 'fake',
    maxFrameBytes: MAX_FRAME_BYTES,
    window: { tasks: 110, taskBytes: 67_108_864, outputBytes: 262_144, stdinBytes: 262_144, ...window },
    defaults: limits,
    sandbox: { backend: 'process', network: true, available: [{ backend: 'process', ok: true }] },
    enforcement: {
      timeoutMs: 'timer',
      cpuTimeMs: 'sampled',
      memoryBytes: 'sampled',
      processes: 'sampled',
      outputBytes: 'counter',
      fileSizeBytes: 'rlimit',
      openFiles: 'rlimit',
      workspaceBytes: 'sampled',
      cpuPercent: 'unavailable',
    },
    ...rest,
  };
}

/** A result; `stdout` and `stderr` in `overrides` may be text. */
export function resultBody(
  overrides: Partial<Omit<TaskResult, 'stdout'>> & { stdout?: string | Uint8Array } = {},
): TaskResult {
  const { stdout = '', ...rest } = overrides;
  const bytes = typeof stdout === 'string' ? new TextEncoder().encode(stdout) : stdout;
  return {
    executionId: 'execution-1',
    status: 'success',
    cached: false,
    exitCode: 0,
    signal: null,
    stdout: bytes,
    stderr: new Uint8Array(0),
    stdoutBytes: bytes.byteLength,
    stderrBytes: 0,
    truncated: { stdout: false, stderr: false },
    usage: {
      wallMs: 1,
      cpuMs: null,
      userMs: null,
      systemMs: null,
      memoryPeakBytes: null,
      processPeak: null,
      ioReadBytes: null,
      ioWriteBytes: null,
    },
    limits,
    limitsExceeded: [],
    timing: { queuedMs: 0, setupMs: 0, runMs: 1, stalledMs: 0, collectMs: 0 },
    files: [],
    ...rest,
  };
}
