export * from './types.js';
export * from './projection.js';
export * from './ports.js';
