import type { Results } from '@hongyan/protocol';

/**
 * What the protocol library says about operations, without its schemas: stands for its operations.ts in the published
 * declarations (see tsdown.config.mjs), which zod has to stay out of. operation-types.spec.ts holds the two together.
 */
export type Format = 'text' | 'json' | 'binary';
export type Role = 'owner' | 'manager' | 'member';
export type OperationName = keyof Results;
export type Input<N extends OperationName> = N extends OperationName ? object : never;
export type Args<N extends OperationName> = Input<N>;
