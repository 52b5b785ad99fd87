import { describe, expect, it } from 'vitest';
import { inboxBounds, outboxBounds, sandboxOptions, sessionConfig } from '../../src/sidecar/derived-config.js';
import { executorConfig, type Settings, type SettingsInput } from '../../src/sidecar/index.js';
import { settingsSchema } from '../../src/sidecar/settings-schema.js';
import { createTestLogger } from '../executor/support/executors.js';

function settingsOf(settings: SettingsInput = {}): Settings {
  return settingsSchema.parse(settings);
}

describe('the window of a host', () => {
  it('is what the queue and the workers hold', () => {
    const { window } = sessionConfig(settingsOf({ queueSize: 5, maxConcurrentTasks: 2, taskWindowBytes: 1_000 }));
    expect(window).toMatchObject({ tasks: 7, taskBytes: 1_000, outputBytes: 262_144, stdinBytes: 262_144 });
  });

  it.each([{}, { queueSize: 50_000, maxConcurrentTasks: 100, inboxFrames: 1, outboxResults: 1 }])(
    'has room in the inbox and among the results, whatever is set: %j',
    (settings) => {
      const { window } = sessionConfig(settingsOf(settings));
      const inbox = inboxBounds(settingsOf(settings));
      expect(inbox.frames).toBeGreaterThanOrEqual(window.tasks);
      expect(inbox.bytes).toBeGreaterThanOrEqual(window.taskBytes);
      const outbox = outboxBounds(settingsOf(settings));
      expect(outbox.results).toBeGreaterThanOrEqual(window.tasks);
      expect(outbox.reservedControlFrames).toBeGreaterThanOrEqual(2 * window.tasks);
      expect(outbox.controlFrames - outbox.reservedControlFrames).toBeGreaterThan(2 * window.tasks);
    },
  );
});

describe('the executor', () => {
  it('keeps results smaller than a frame', () => {
    for (const maxFrameBytes of [262_144, 16_777_215]) {
      const { maxResultBytes } = executorConfig(settingsOf({ maxFrameBytes }));
      expect(maxResultBytes).toBeGreaterThan(100_000);
      expect(maxFrameBytes - maxResultBytes).toBeGreaterThan(100_000);
    }
  });

  it('queues as many bytes as the host may submit', () => {
    expect(executorConfig(settingsOf({ taskWindowBytes: 5 })).queueBytes).toBe(5);
  });
});

describe('the sandbox', () => {
  it('is told everything that the settings say of it', () => {
    const settings = settingsOf({
      sandbox: 'process',
      network: true,
      allowedCwd: ['/srv'],
      readOnlyPaths: ['/data'],
      sandboxUid: 1_000,
      workerPoolSize: 9,
      enableMonitoring: false,
      workspaceRoot: '/var/tmp',
    });
    const logger = createTestLogger();
    expect(sandboxOptions(settings, { logger, sweepCommand: ['sweep'] })).toEqual({
      backend: 'process',
      network: true,
      allowedCwd: ['/srv'],
      readOnlyPaths: ['/data'],
      sandboxUid: 1_000,
      poolSize: 9,
      enableMonitoring: false,
      workspaceRoot: '/var/tmp',
      sweepCommand: ['sweep'],
      logger,
    });
  });

  it('chooses the folder for workspaces itself where none is set', () => {
    expect('workspaceRoot' in sandboxOptions(settingsOf(), { logger: createTestLogger(), sweepCommand: [] })).toBe(
      false,
    );
  });
});
