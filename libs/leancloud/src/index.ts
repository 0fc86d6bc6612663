export * from './codec.js';
export * from './content.js';
export * from './errors.js';
export type * from './messages.js';
export * from './names.js';
export * from './signature.js';
