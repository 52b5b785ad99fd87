export { executorConfig, sandboxOptions } from './derived-config.js';
export { createLogger, type LeveledLogger } from './logger.js';
export { flagName, settingNames, settingOfFlag, variableName } from './setting-text.js';
export { SettingsError, SettingsLayers, type SettingsSources } from './settings.js';
export { type SettingName, type Settings, type SettingsInput, settingsSchema } from './settings-schema.js';
export { runSidecar, type SidecarOptions } from './sidecar.js';
export { streamSink } from './stream-sink.js';
export { VERSION } from './version.js';
