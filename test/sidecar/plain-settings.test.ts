import { describe, expect, it } from 'vitest';
import { defaultSettings, plainSettings, settingNames } from '../../src/sidecar/plain-settings.js';
import { settingsSchema } from '../../src/sidecar/settings-schema.js';
import { settingSamples } from './support/setting-samples.js';

const ODD_VALUES: readonly unknown[] = [
  ...[0, 1, 7, 8, 1_000, 1_001, 10_000, 10_001, 262_143, 262_144, 1_000_000, 1_000_001, 16_777_215, 16_777_216],
  ...[-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER, 2 ** 53, '1'],
  ...[true, false, null, undefined, '', 'x', 'auto', 'process', 'kill', 'drain', 'silent', 'constructor', [], {}],
];

describe('settings without their schema', () => {
  it('have the names of the schema, in its order', () => {
    expect(settingNames).toEqual(Object.keys(settingsSchema.shape));
  });

  it('have its defaults', () => {
    expect(plainSettings({})).toEqual(settingsSchema.parse({}));
    for (const name of settingNames) expect(defaultSettings[name]).toEqual(settingsSchema.shape[name].parse(undefined));
  });

  it('are not shared by those who get them', () => {
    plainSettings({})?.allowedCwd.push('/changed');
    expect(plainSettings({})?.allowedCwd).toEqual([]);
  });

  it.each(settingNames)('are what the schema makes of them, or left to it: %s', (name) => {
    for (const value of [...ODD_VALUES, settingSamples[name].value]) {
      const plain = plainSettings({ [name]: value });
      const { success, data } = settingsSchema.safeParse({ [name]: value });
      if (plain !== null) expect([success, data]).toEqual([true, plain]);
    }
  });

  it('are enough for what hosts set most', () => {
    const settings = {
      sandbox: 'process',
      maxConcurrentTasks: 2,
      workspaceRoot: '/tmp',
      network: true,
      logLevel: 'error',
    };
    expect(plainSettings(settings)).toEqual(settingsSchema.parse(settings));
  });

  it.each(['nonsense', 'constructor', '__proto__'])('are left to it where there is no such setting: %s', (name) => {
    expect(plainSettings(Object.fromEntries([[name, 1]]))).toBeNull();
  });
});
