import { describe, expect, it } from 'vitest';
import { settingNames } from '../../src/sidecar/plain-settings.js';
import { flagName, parseSettingText, settingOfFlag, variableName } from '../../src/sidecar/setting-text.js';

describe('the names of a setting', () => {
  it('follow from each other', () => {
    expect(flagName('maxConcurrentTasks')).toBe('--max-concurrent-tasks');
    expect(variableName('maxConcurrentTasks')).toBe('EXEC_SIDECAR_MAX_CONCURRENT_TASKS');
    expect(settingOfFlag('max-concurrent-tasks')).toBe('maxConcurrentTasks');
  });

  it('are its own', () => {
    expect(new Set(settingNames.map(flagName)).size).toBe(settingNames.length);
    expect(new Set(settingNames.map(variableName)).size).toBe(settingNames.length);
    for (const name of settingNames) expect(settingOfFlag(flagName(name).slice(2))).toBe(name);
  });

  it.each(['nonsense', 'maxConcurrentTasks', '', 'constructor'])('do not include %j', (flag) => {
    expect(settingOfFlag(flag)).toBeUndefined();
  });
});

describe('the text of a setting', () => {
  it.each([
    ['queueSize', '5', 5],
    ['queueSize', '1e3', 1_000],
    ['network', 'true', true],
    ['defaultCpuPercent', 'null', null],
    ['commandPolicy', '{"allow":["ls"]}', { allow: ['ls'] }],
    ['allowedCwd', '["/a"]', ['/a']],
    ['allowedCwd', '/a,/b', ['/a', '/b']],
    ['allowedCwd', '/a,', ['/a']],
    ['allowedCwd', '', []],
  ] as const)('of %s %j is read as JSON, or as words with commas', (name, text, value) => {
    expect(parseSettingText(name, text)).toEqual(value);
  });

  it.each([
    ['workspaceRoot', '5'],
    ['workspaceRoot', '"/tmp"'],
    ['onEof', 'true'],
    ['logLevel', 'null'],
    ['sandbox', '{}'],
  ] as const)('of %s stays text, even %j', (name, text) => {
    expect(parseSettingText(name, text)).toBe(text);
  });

  it('that is nothing of the kind stays text, for the schema to refuse', () => {
    expect(parseSettingText('queueSize', '512M')).toBe('512M');
    expect(parseSettingText('network', 'yes')).toBe('yes');
    expect(parseSettingText('limitCeilings', '{timeoutMs:5}')).toBe('{timeoutMs:5}');
  });
});
