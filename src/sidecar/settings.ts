import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { plainSettings, settingNames } from './plain-settings.js';
import { flagName, parseSettingText, variableName } from './setting-text.js';
import type { SettingName, Settings, SettingsInput } from './settings-schema.js';

/** Settings that cannot be used. The message names the setting, where it came from, the value and the bound. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  readonly code = 'invalid_config';
  readonly setting: string;

  constructor(setting: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.setting = setting;
  }
}

/** Where settings come from, in rising order of precedence: defaults, file, environment, flags. */
export interface SettingsSources {
  /** What takes the place of the defaults of the schema. */
  readonly defaults?: SettingsInput;
  /** The path of a JSON file with settings. */
  readonly file?: string | undefined;
  /** The environment: variables that begin with `EXEC_SIDECAR_`. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Flags as text, by the name of the setting. */
  readonly flags?: Readonly<Partial<Record<SettingName, string>>>;
}

/** Settings before they are checked together, each with the place that it came from. */
type Layer = Map<string, { readonly value: unknown; readonly origin: string }>;

/** The settings of a process, to which a host may add its own at `init`. */
export class SettingsLayers {
  readonly #layer: Layer;

  /** @throws SettingsError for a file that cannot be read or holds no settings */
  constructor(sources: SettingsSources) {
    this.#layer = new Map([
      ...defaultsLayer(sources.defaults ?? {}),
      ...fileLayer(sources.file),
      ...environmentLayer(sources.environment ?? {}),
      ...flagLayer(sources.flags ?? {}),
    ]);
  }

  /**
   * The settings, defaults filled in, with those of a host on top where they are given.
   * @throws SettingsError naming the first setting that is wrong
   */
  async resolve(hostConfig: Readonly<Record<string, unknown>> = {}): Promise<Settings> {
    const merged: Layer = new Map(this.#layer);
    for (const [name, value] of Object.entries(hostConfig)) merged.set(name, { value, origin: `init.config.${name}` });
    const values = Object.fromEntries([...merged].map(([name, { value }]) => [name, value]));
    const plain = plainSettings(values);
    if (plain !== null) return plain;
    const { settingsSchema } = await import('./settings-schema.js');
    // Parsed two or three times in all, which is less work than to compile a parser.
    const parsed = settingsSchema.safeParse(values, { jitless: true });
    if (!parsed.success) throw settingsError(parsed.error, merged);
    return parsed.data;
  }
}

function defaultsLayer(defaults: SettingsInput): Layer {
  return new Map(Object.entries(defaults).map(([name, value]) => [name, { value, origin: name }]));
}

function fileLayer(path: string | undefined): Layer {
  if (path === undefined) return new Map();
  const content = readJson(path);
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new SettingsError('config', `${path}: must hold a JSON object of settings`);
  }
  return new Map(Object.entries(content).map(([name, value]) => [name, { value, origin: `${path}: ${name}` }]));
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new SettingsError('config', `cannot read the settings file ${path}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function environmentLayer(environment: Readonly<Record<string, string | undefined>>): Layer {
  const layer: Layer = new Map();
  for (const name of settingNames) {
    const text = environment[variableName(name)];
    if (text === undefined || text === '') continue;
    const origin = variableName(name);
    layer.set(name, { value: parseSettingText(name, text), origin });
  }
  return layer;
}

function flagLayer(flags: Readonly<Partial<Record<SettingName, string>>>): Layer {
  const entries = Object.entries(flags) as [SettingName, string][];
  return new Map(
    entries.map(([name, text]) => [name, { value: parseSettingText(name, text), origin: flagName(name) }]),
  );
}

/** So much of a wrong name or value is quoted, in UTF-16 code units. */
const MAX_SHOWN_CHARACTERS = 100;

function settingsError(error: z.ZodError, layer: Layer): SettingsError {
  const issue = error.issues[0]!;
  if (issue.code === 'unrecognized_keys') {
    const path = [...issue.path, (issue.keys[0] ?? '').slice(0, MAX_SHOWN_CHARACTERS)];
    return new SettingsError(path.join('.'), `${originOf(path, layer)}: there is no such setting`);
  }
  const value = valueAt(issue.path, layer);
  const given = value === undefined ? 'nothing' : JSON.stringify(value)?.slice(0, MAX_SHOWN_CHARACTERS);
  const message = `${originOf(issue.path, layer)}: ${lowerFirst(issue.message)}, got ${given}`;
  return new SettingsError(issue.path.join('.'), message);
}

function originOf(path: readonly PropertyKey[], layer: Layer): string {
  const [name = 'config', ...rest] = path.map(String);
  return [layer.get(name)?.origin ?? name, ...rest].join('.');
}

function valueAt(path: readonly PropertyKey[], layer: Layer): unknown {
  const [name, ...rest] = path;
  let value = layer.get(String(name))?.value;
  for (const key of rest) value = (value as Record<PropertyKey, unknown> | undefined)?.[key];
  return value;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
