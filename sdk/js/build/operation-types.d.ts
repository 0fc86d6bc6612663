import type { Results } from './results.js';

/**
 * Stands for libs/protocol/src/operations.ts while the published declarations are bundled: the schemas there would
 * bring zod along. A spec holds the two together.
 */
export type Format = 'text' | 'json' | 'binary';
export type Role = 'owner' | 'manager' | 'member';
export type OperationName = keyof Results;
export type Input<N extends OperationName> = N extends OperationName ? object : never;
export type Args<N extends OperationName> = Input<N>;
