import type { Context } from '@hongyan/leancloud';
import type { z } from 'zod';
import type { Method } from '../route.js';
import type { RestCall } from './rest-call.js';

/**
 * `master`: the master key. `key`: the app key is enough. `signed`: the master key, or the app key and a signature of the
 * app's server for one conversation.
 */
export type Access = 'master' | 'key' | 'signed';

/** One endpoint of LeanCloud's REST API: everything the door, the table in the docs and the tests know of it. */
export interface LeanCloudRoute {
  readonly method: Exclude<Method, 'patch'>;
  /** With the version: `/1.2/rtm/conversations/:conversation`. */
  readonly path: string;
  readonly access: Access;
  readonly summary: string;
  /** What is not as at LeanCloud; absent: nothing known. */
  readonly differs?: string;
  /** What the caller is doing: the same refusal has different codes. */
  readonly context: Context | 'class';
  /** HTTP status of success. */
  readonly status: number;
  /** Of query and body together; the body's values win. */
  readonly input: z.ZodObject;
  run(call: RestCall): Promise<unknown>;
}

interface Endpoint<I extends z.ZodObject> {
  readonly summary: string;
  readonly input: I;
  readonly access?: Access;
  readonly context?: Context | 'class';
  readonly differs?: string;
  readonly status?: number;
  run(call: RestCall<z.output<I>>): Promise<unknown>;
}

export function endpoint<I extends z.ZodObject>(
  method: LeanCloudRoute['method'],
  path: string,
  { access = 'master', context = 'conv', status = 200, ...rest }: Endpoint<I>,
): LeanCloudRoute {
  const run: LeanCloudRoute['run'] = (call) => rest.run(call as RestCall<z.output<I>>);
  return { ...rest, method, path, access, context, status, run };
}
