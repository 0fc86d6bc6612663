export { type ImportOptions, type ImportReport, importFolder } from './import-folder.js';
export { ImportError } from './errors.js';
export type { ImportTarget } from './ports.js';
export type { ImportEvent } from './progress.js';
