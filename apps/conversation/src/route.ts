import type { App } from '@hongyan/apps';
import { nativeArgs, nativeResult } from '@hongyan/leancloud';
import type { Args, Caller, CallOptions, ClientId, OperationName, Result } from '@hongyan/protocol';
import { operations } from '@hongyan/protocol';
import { z } from 'zod';
import type { ConversationParts } from './parts.js';
import { results } from './results.js';

/** One call of the server API. `args` is parsed. */
export interface Call<A = unknown> {
  readonly app: App;
  /** In whose name; absent: the tenant's server itself. */
  readonly client?: ClientId;
  readonly args: A;
  readonly options: CallOptions;
}

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** One route: everything the door, the document and the tests know of it. */
export interface Route {
  readonly method: Method;
  /** Below /api/v1. `:client` is the client in whose name; other names are arguments. */
  readonly path: string;
  readonly id: string;
  readonly tag: Tag;
  readonly summary: string;
  /** Arguments without `op`, which is the header Idempotency-Key. */
  readonly input: z.ZodObject;
  readonly result: z.ZodType;
  /** Changes something once per Idempotency-Key. */
  readonly idempotent: boolean;
  /** May name a client in whose name it is done: `from` in the body, or in the query of a DELETE. */
  readonly onBehalf: boolean;
  readonly operation?: OperationName;
  run(parts: ConversationParts, call: Call): Promise<unknown>;
}

export type Tag = 'Conversations' | 'Members' | 'Messages' | 'Rooms' | 'Clients' | 'Presence';

interface CommandRoute {
  readonly tag: Tag;
  readonly summary: string;
  /** May be done in a client's name by `from`. */
  readonly onBehalf?: boolean;
  /** Tells two routes of one operation apart. */
  readonly id?: string;
}

/** A route that carries out an operation of the protocol: same arguments, same result, same rules. */
export function command<N extends OperationName>(
  method: Method,
  path: string,
  name: N,
  { tag, summary, onBehalf = false, id = name }: CommandRoute,
): Route {
  const schema = operations[name] as unknown as z.ZodObject;
  const idempotent = 'op' in schema.shape;
  return {
    method,
    path,
    id,
    tag,
    summary,
    input: idempotent ? schema.omit({ op: true }) : schema,
    result: results[name],
    idempotent,
    onBehalf,
    operation: name,
    run: async ({ commands }, { app, client, args, options }): Promise<Result<N>> => {
      const caller: Caller = { app: app.id, server: true, ...(client === undefined ? {} : { client }) };
      return nativeResult(
        name,
        await commands.execute(caller, name, nativeArgs(name, args as Args<N>), options),
      );
    },
  };
}

interface OwnRoute<I extends z.ZodObject> {
  readonly id: string;
  readonly tag: Tag;
  readonly summary: string;
  readonly input: I;
  readonly result: z.ZodType;
  run(parts: ConversationParts, call: Call<z.output<I>>): Promise<unknown>;
}

/** A route that only servers have. */
export function serverOnly<I extends z.ZodObject>(method: Method, path: string, route: OwnRoute<I>): Route {
  return {
    method,
    path,
    idempotent: false,
    onBehalf: false,
    ...route,
    run: (parts, call) => route.run(parts, call as Call<z.output<I>>),
  };
}

/** Names in a path: `/clients/:client/kick` has `client`. */
export const pathNames = (path: string): string[] =>
  [...path.matchAll(/:(\w+)/g)].map(([, name]) => name as string);
