import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  flagName,
  type SettingName,
  type Settings,
  SettingsError,
  SettingsLayers,
  type SettingsSources,
  settingNames,
  variableName,
} from '../../src/sidecar/index.js';
import { useTemporaryFolder } from '../support/temporary-folder.js';
import { settingSamples } from './support/setting-samples.js';

const folder = useTemporaryFolder();

function fileWith(content: unknown): string {
  const path = join(folder(), 'settings.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

/** The error with which settings are refused. */
async function refusal(sources: SettingsSources, hostConfig: Record<string, unknown> = {}): Promise<SettingsError> {
  try {
    await new SettingsLayers(sources).resolve(hostConfig);
  } catch (error) {
    if (error instanceof SettingsError) return error;
    throw error;
  }
  throw new Error('the settings were not refused');
}

describe('every setting', () => {
  it.each(settingNames)('%s reaches the same value by flag, variable, file and init.config', async (name) => {
    const { text, value } = settingSamples[name];
    const { [name]: fallback } = await new SettingsLayers({}).resolve();
    expect(value).not.toEqual(fallback);
    const resolved: Settings[] = [
      await new SettingsLayers({ flags: { [name]: text } }).resolve(),
      await new SettingsLayers({ environment: { [variableName(name)]: text } }).resolve(),
      await new SettingsLayers({ file: fileWith({ [name]: value }) }).resolve(),
      await new SettingsLayers({}).resolve({ [name]: value }),
    ];
    for (const settings of resolved) expect(settings[name]).toEqual(value);
  });

  it.each(settingNames)('%s is named, with its origin and the value, where it is wrong', async (name) => {
    const nonsense = { type: 'nonsense' };
    const text = JSON.stringify(nonsense);
    const path = fileWith({ [name]: nonsense });
    const refusals: [SettingsError, string][] = [
      [await refusal({ file: path }), `${path}: ${name}`],
      [await refusal({}, { [name]: nonsense }), `init.config.${name}`],
    ];
    if (name !== 'workspaceRoot') {
      refusals.push(
        [await refusal({ flags: { [name]: text } }), flagName(name)],
        [await refusal({ environment: { [variableName(name)]: text } }), variableName(name)],
      );
    }
    for (const [error, origin] of refusals) {
      expect(error.code).toBe('invalid_config');
      expect(error.setting.split('.')[0]).toBe(name);
      expect(error.message.startsWith(origin)).toBe(true);
    }
  });
});

describe('settings', () => {
  it('override each other in the order file, environment, flags, init.config', async () => {
    const name: SettingName = 'queueSize';
    const file = fileWith({ [name]: 1 });
    const environment = { [variableName(name)]: '2' };
    const flags = { [name]: '3' };
    const resolve = async (sources: SettingsSources, host = {}) =>
      (await new SettingsLayers(sources).resolve(host))[name];
    expect(await resolve({})).toBe(100);
    expect(await resolve({ file })).toBe(1);
    expect(await resolve({ file, environment })).toBe(2);
    expect(await resolve({ file, environment, flags })).toBe(3);
    expect(await resolve({ file, environment, flags }, { [name]: 4 })).toBe(4);
  });

  it('may each come from another place', async () => {
    const layers = new SettingsLayers({
      file: fileWith({ maxConcurrentTasks: 1 }),
      environment: { EXEC_SIDECAR_QUEUE_SIZE: '2' },
      flags: { workerPoolSize: '3' },
    });
    expect(await layers.resolve({ outboxFrames: 9 })).toMatchObject({
      maxConcurrentTasks: 1,
      queueSize: 2,
      workerPoolSize: 3,
      outboxFrames: 9,
    });
  });

  it('are not changed by what one host adds', async () => {
    const layers = new SettingsLayers({});
    await layers.resolve({ queueSize: 7 });
    expect((await layers.resolve()).queueSize).toBe(100);
  });

  it('from variables that are empty, or of other programs, are none', async () => {
    const environment = { EXEC_SIDECAR_QUEUE_SIZE: '', QUEUE_SIZE: '5', EXEC_SIDECAR_SOMETHING_ELSE: 'x' };
    expect((await new SettingsLayers({ environment }).resolve()).queueSize).toBe(100);
  });
});

describe('a setting that is wrong', () => {
  it.each<[SettingsSources, Record<string, unknown>, string, string]>([
    [{ flags: { queueSize: '0' } }, {}, 'queueSize', '--queue-size: too small: expected number to be >=1, got 0'],
    [
      { environment: { EXEC_SIDECAR_MAX_FRAME_BYTES: '5' } },
      {},
      'maxFrameBytes',
      'EXEC_SIDECAR_MAX_FRAME_BYTES: too small: expected number to be >=262144, got 5',
    ],
    [
      {},
      { queueSize: 1e9 },
      'queueSize',
      'init.config.queueSize: too big: expected number to be <=1000000, got 1000000000',
    ],
    [
      {},
      { limitCeilings: { timeoutMs: -1 } },
      'limitCeilings.timeoutMs',
      'init.config.limitCeilings.timeoutMs: must be an integer >= 1, got -1',
    ],
    [
      { flags: { sandbox: 'docker' } },
      {},
      'sandbox',
      '--sandbox: invalid option: expected one of "auto"|"process"|"bubblewrap", got "docker"',
    ],
  ])('is refused with setting, origin, value and bound: %j %j', async (sources, hostConfig, setting, message) => {
    const error = await refusal(sources, hostConfig);
    expect([error.setting, error.message]).toEqual([setting, message]);
  });

  it('is refused where it overrides one that is right', async () => {
    expect((await refusal({ flags: { queueSize: '5' } }, { queueSize: 0 })).message).toContain('init.config.queueSize');
  });

  it('is quoted no further than needed', async () => {
    expect((await refusal({}, { queueSize: 'x'.repeat(100_000) })).message.length).toBeLessThan(300);
    expect((await refusal({}, { ['x'.repeat(100_000)]: 1 })).message.length).toBeLessThan(300);
  });
});

describe('a name that is no setting', () => {
  it('is refused in init.config and in the file', async () => {
    expect((await refusal({}, { queuesize: 5 })).message).toBe('init.config.queuesize: there is no such setting');
    const file = fileWith({ nonsense: true });
    expect((await refusal({ file })).message).toBe(`${file}: nonsense: there is no such setting`);
  });

  it('is refused inside a setting too', async () => {
    const error = await refusal({ flags: { limitCeilings: '{"timeout":5}' } });
    expect(error.message).toBe('--limit-ceilings.timeout: there is no such setting');
  });
});

describe('a settings file', () => {
  it.each([
    ['is not there', undefined, /^cannot read the settings file .*ENOENT/],
    ['is no JSON', '{"queueSize": 5', /^cannot read the settings file .*JSON/],
    ['holds a list', [], /must hold a JSON object/],
    ['holds null', 'null', /must hold a JSON object/],
  ])('that %s is refused', async (_what, content, message) => {
    const file = content === undefined ? join(folder(), 'missing.json') : fileWith(content);
    const error = await refusal({ file });
    expect(error.setting).toBe('config');
    expect(error.message).toMatch(message);
    expect(error.message).toContain(file);
  });
});
