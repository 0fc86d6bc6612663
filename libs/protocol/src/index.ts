export * from './ids.js';
export * from './errors.js';
export * from './limits.js';
export * from './operations.js';
export * from './results.js';
export * from './events.js';
export * from './contract.js';
export * from './nesting.js';

/** Version of the native protocol that this server speaks. */
export const protocolVersion = 1;
