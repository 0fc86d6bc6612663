export type { ConfigSchema } from './schema.js';
export { ConfigError, type Environment, type LoadedConfig, loadConfig } from './load.js';
export { type ExplainedSetting, type Explanation, explainConfig } from './explain.js';
export { type StandaloneConfig, standaloneSchema } from './standalone.js';
export { configurationReference } from './reference.js';
