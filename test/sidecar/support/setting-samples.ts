import type { SettingName, Settings } from '../../../src/sidecar/index.js';

type Samples = { readonly [Name in SettingName]: { readonly text: string; readonly value: Settings[Name] } };

function number(value: number): { text: string; value: number } {
  return { text: String(value), value };
}

/** For each setting a value that is not its default, and the text that stands for it in a flag or a variable. */
export const settingSamples: Samples = {
  maxConcurrentTasks: number(3),
  queueSize: number(7),
  memoryBudgetBytes: number(123_456_789),
  defaultTimeoutMs: number(1_234),
  defaultCpuTimeLimitMs: number(2_345),
  defaultMemoryLimitBytes: number(3_456_789),
  defaultProcessLimit: number(9),
  defaultOpenFilesLimit: number(99),
  defaultFileSizeLimitBytes: number(999),
  defaultOutputLimitBytes: number(9_999),
  defaultWorkspaceLimitBytes: number(99_999),
  defaultCpuPercent: number(50),
  limitCeilings: { text: '{"timeoutMs":5000}', value: { timeoutMs: 5_000 } },
  enableMonitoring: { text: 'false', value: false },
  priorityAgingMs: number(50),
  resultCacheSize: number(11),
  resultCacheBytes: number(12_345),
  workerPoolSize: number(0),
  sandbox: { text: 'process', value: 'process' },
  network: { text: 'true', value: true },
  sandboxUid: { text: '1000', value: 1_000 },
  readOnlyPaths: { text: '/srv,/opt/data', value: ['/srv', '/opt/data'] },
  workspaceRoot: { text: '/var/tmp', value: '/var/tmp' },
  allowedCwd: { text: '/srv,/opt/data', value: ['/srv', '/opt/data'] },
  commandPolicy: { text: '{"deny":["curl"]}', value: { deny: ['curl'] } },
  maxFrameBytes: number(300_000),
  taskWindowBytes: number(500_000),
  outputWindowBytes: number(5_000),
  stdinWindowBytes: number(6_000),
  inboxFrames: number(10),
  outboxFrames: number(16),
  outboxBytes: number(70_000),
  outboxResults: number(20),
  outboxResultBytes: number(80_000),
  onEof: { text: 'drain', value: 'drain' },
  logLevel: { text: 'debug', value: 'debug' },
};
