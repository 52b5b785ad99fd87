export { executorConfig, sandboxOptions } from './derived-config.js';
export { createLogger, type LeveledLogger } from './logger.js';
export { settingNames } from './plain-settings.js';
export { flagName, settingOfFlag, variableName } from './setting-text.js';
export { SettingsError, SettingsLayers, type SettingsSources } from './settings.js';
export type { SettingName, Settings, SettingsInput } from './settings-schema.js';
export { runSidecar, type SidecarOptions } from './sidecar.js';
export { streamSink } from './stream-sink.js';
export { VERSION } from './version.js';
