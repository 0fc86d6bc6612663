import { randomUUID } from 'node:crypto';
import { AppError, asOperationId, nestsDeeper } from '@hongyan/protocol';
import { parseInput } from '@hongyan/rest';
import { z } from 'zod';
import { pathNames } from '../route.js';
import { RestCall, newOperation } from './rest-call.js';
import { restErrorOf } from './rest-errors.js';
import { RestRefusal } from './rest-refusal.js';
import { endpoint, type LeanCloudRoute } from './route.js';

const mostRequests = 100;

const batchInput = z.object({
  requests: z
    .array(
      z.looseObject({
        method: z.string().max(10),
        path: z.string().max(4096),
        body: z.record(z.string(), z.unknown()).nullish(),
        params: z.record(z.string(), z.unknown()).nullish(),
      }),
    )
    .max(mostRequests),
});

type Asked = z.output<typeof batchInput>['requests'][number];
type Answer = { readonly success: unknown } | { readonly error: object };

/** With a key of the caller's each request has one of its own, `key.number`, so that the batch can be sent again. */
const longestKey = 60;

/** Several requests of these routes in one, with its key; done one after the other, each for itself. */
export const batchRoutes = (routes: readonly LeanCloudRoute[]): readonly LeanCloudRoute[] => [
  endpoint('post', '/1.1/batch', {
    summary: `up to ${mostRequests} of these requests in one, answered in order`,
    access: 'key',
    context: 'class',
    input: batchInput,
    differs: 'of realtime only; each counts as a call for the rate',
    run: async (call) => {
      if (call.parts.opGiven && call.parts.op.length > longestKey)
        throw new AppError('bad_request', { detail: `Idempotency-Key: at most ${longestKey} characters` });
      const matches = routes.map(matcherOf);
      const answers: Answer[] = [];
      for (const [at, asked] of call.args.requests.entries())
        answers.push(await answerTo(call, asked, at, (method, path) => firstOf(matches, method, path)));
      return answers;
    },
  }),
];

interface Match {
  readonly route: LeanCloudRoute;
  readonly params: Readonly<Record<string, string>>;
}
type Matcher = (method: string, path: string) => Match | undefined;

function matcherOf(route: LeanCloudRoute): Matcher {
  const names = pathNames(route.path);
  const pattern = new RegExp(`^${route.path.replaceAll(/:\w+/g, '([^/]+)')}$`);
  return (method, path) => {
    const found = method === route.method ? pattern.exec(path) : null;
    if (found === null) return undefined;
    return { route, params: Object.fromEntries(names.map((name, at) => [name, decoded(found[at + 1]!)])) };
  };
}

function firstOf(matchers: readonly Matcher[], method: string, path: string): Match | undefined {
  for (const matcher of matchers) {
    const match = matcher(method, path);
    if (match !== undefined) return match;
  }
  return undefined;
}

async function answerTo(call: RestCall, asked: Asked, at: number, find: Matcher): Promise<Answer> {
  let match: Match | undefined;
  try {
    const url = new URL(asked.path, 'http://localhost');
    match = find(asked.method.toLowerCase(), url.pathname);
    if (match === undefined) throw new RestRefusal(404, 1, 'There is no such endpoint here.');
    const query = { ...Object.fromEntries(url.searchParams), ...asked.params };
    return { success: await match.route.run(innerCall(call, match, query, asked.body ?? {}, at)) };
  } catch (error) {
    const reference = randomUUID();
    const { status, body } = restErrorOf(error, match?.route.context ?? 'class', reference);
    if (status === 500) call.door.report(error, reference);
    return { error: body };
  }
}

function innerCall(
  call: RestCall,
  { route, params }: Match,
  query: Readonly<Record<string, unknown>>,
  body: Readonly<Record<string, unknown>>,
  at: number,
): RestCall {
  const { parts } = call;
  if (route.access === 'master' && !parts.master)
    throw new RestRefusal(403, 403, 'The master key is needed.');
  if (nestsDeeper(body)) throw new AppError('bad_request', { detail: 'nested too deeply' });
  if (at > 0) parts.spend();
  const op = parts.opGiven ? asOperationId(`${parts.op}.${at}`) : newOperation();
  return new RestCall({ ...parts, params, body, op }, parseInput(route.input, { ...query, ...body }));
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
