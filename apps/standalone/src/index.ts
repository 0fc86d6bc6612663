export { DataFolder, type ServerFile } from './data-folder.js';
export { type RunningServer, type ServeOptions, serve } from './serve.js';
export { StartError } from './start-error.js';
export { heldByOther, holdsStore } from './open-store.js';
