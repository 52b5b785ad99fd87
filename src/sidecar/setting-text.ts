import { settingNames } from './plain-settings.js';
import type { SettingName } from './settings-schema.js';

/** `maxConcurrentTasks` → `--max-concurrent-tasks`. */
export function flagName(name: SettingName): string {
  return `--${kebab(name)}`;
}

/** `maxConcurrentTasks` → `EXEC_SIDECAR_MAX_CONCURRENT_TASKS`. */
export function variableName(name: SettingName): string {
  return `EXEC_SIDECAR_${kebab(name).replaceAll('-', '_').toUpperCase()}`;
}

/** `max-concurrent-tasks` → `maxConcurrentTasks`; undefined where there is no such setting. */
export function settingOfFlag(flag: string): SettingName | undefined {
  return settingNames.find((name) => kebab(name) === flag);
}

/** Settings that are text: they are taken as they are. Everything else is read as JSON where it is JSON. */
const TEXT_SETTINGS: ReadonlySet<SettingName> = new Set(['sandbox', 'workspaceRoot', 'onEof', 'logLevel']);

const LIST_SETTINGS: ReadonlySet<SettingName> = new Set(['allowedCwd', 'readOnlyPaths']);

/**
 * The value that a flag or an environment variable stands for: `5`, `true`, `null`, `{"deny":["curl"]}`, or for lists
 * also words with commas between them. What is none of these stays text, and the schema refuses it by name.
 */
export function parseSettingText(name: SettingName, text: string): unknown {
  if (TEXT_SETTINGS.has(name)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return LIST_SETTINGS.has(name) ? text.split(',').filter((word) => word !== '') : text;
  }
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
