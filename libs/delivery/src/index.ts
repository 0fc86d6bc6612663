export * from './ports.js';
export { LocalHub, type LocalHubOptions } from './local-hub.js';
