import { errorTable } from '@hongyan/protocol';
import { type JsonSchema, problemSchema, queryParameters } from '@hongyan/rest';
import { z } from 'zod';
import { type Route, pathNames } from './route.js';

export interface OpenApiOperation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly parameters: readonly OpenApiParameter[];
  readonly requestBody?: { readonly required: boolean; readonly content: Content };
  readonly responses: Readonly<
    Record<string, { readonly description: string; readonly content?: Content; readonly $ref?: string }>
  >;
}

export interface OpenApiParameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly description?: string;
  readonly schema: JsonSchema;
}

export interface OpenApiDocument {
  readonly openapi: '3.1.0';
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly servers: readonly { readonly url: string }[];
  readonly security: readonly unknown[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly [part: string]: unknown;
  };
}

type Content = Readonly<Record<string, { readonly schema: JsonSchema }>>;

/** The OpenAPI 3.1 document of a table of routes: from the schemas that the door parses and answers with. */
export function documentOf(routes: readonly Route[]): OpenApiDocument {
  const schemas: Record<string, JsonSchema> = {};
  const paths: Record<string, Record<string, OpenApiOperation>> = {};
  for (const route of routes) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}');
    (paths[path] ??= {})[route.method] = operationOf(route, schemas);
  }
  schemas['Problem'] = jsonSchemaOf(problemSchema, 'output', schemas);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Hongyan server API',
      version: '1',
      description:
        'For the servers of a tenant. Give the app id in `x-hongyan-app` and the master key, or a token signed with it, as bearer token. Never put either into a client.',
    },
    servers: [{ url: '/api/v1' }],
    security: [{ app: [], credential: [] }],
    paths,
    components: {
      schemas,
      responses: {
        Problem: {
          description: 'Refused or failed.',
          content: { 'application/problem+json': { schema: ref('Problem') } },
        },
      },
      securitySchemes: {
        app: { type: 'apiKey', in: 'header', name: 'x-hongyan-app' },
        credential: { type: 'http', scheme: 'bearer' },
      },
    },
  };
}

const ref = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });

function operationOf(route: Route, schemas: Record<string, JsonSchema>): OpenApiOperation {
  const names = pathNames(route.path);
  const input = jsonSchemaOf(route.input, 'input', schemas);
  const inPath = names.map((name): OpenApiParameter => {
    const schema = input.properties?.[name] ?? { type: 'string', minLength: 1, maxLength: 128 };
    return { name, in: 'path', required: true, schema };
  });
  const rest = withoutNames(input, names);
  const isBody = route.method !== 'get' && route.method !== 'delete';
  const from: JsonSchema = {
    type: 'string',
    maxLength: 128,
    description: 'The client in whose name; absent: the service.',
  };
  const inQuery = isBody ? [] : queryParameters(rest).map(asQueryParameter);
  const fromInQuery =
    !isBody && route.onBehalf ? [asQueryParameter({ name: 'from', schema: from, required: false })] : [];
  const body = route.onBehalf ? { ...rest, properties: { ...rest.properties, from } } : rest;
  return {
    operationId: route.id,
    tags: [route.tag],
    summary: route.summary,
    parameters: [...inPath, ...inQuery, ...fromInQuery, ...(route.idempotent ? [idempotencyKey] : [])],
    ...(isBody ? { requestBody: { required: (body.required ?? []).length > 0, content: json(body) } } : {}),
    responses: {
      200: { description: 'Done.', content: json(jsonSchemaOf(route.result, 'output', schemas)) },
      default: { $ref: '#/components/responses/Problem', description: 'Refused or failed.' },
    },
  };
}

const json = (schema: JsonSchema): Content => ({ 'application/json': { schema } });

const idempotencyKey: OpenApiParameter = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: `Carried out once per key: a retry gets the first answer. Made and answered when absent. The same key with another content is refused (${errorTable.operation_conflict.code}).`,
  schema: { type: 'string', minLength: 1, maxLength: 64 },
};

function asQueryParameter({
  name,
  schema,
  required,
}: {
  name: string;
  schema: JsonSchema;
  required: boolean;
}): OpenApiParameter {
  return {
    name,
    in: 'query',
    required,
    schema,
    ...(schema.description ? { description: schema.description } : {}),
  };
}

function withoutNames(schema: JsonSchema, names: readonly string[]): JsonSchema {
  const properties = Object.fromEntries(
    Object.entries(schema.properties ?? {}).filter(([name]) => !names.includes(name)),
  );
  const required = (schema.required ?? []).filter((name) => !names.includes(name));
  return { type: 'object', properties, ...(required.length > 0 ? { required } : {}) };
}

/** JSON Schema with what has an id moved to the components. */
function jsonSchemaOf(
  schema: z.ZodType,
  io: 'input' | 'output',
  schemas: Record<string, JsonSchema>,
): JsonSchema {
  const {
    $schema: _,
    $defs = {},
    ...rest
  } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as JsonSchema & {
    $defs?: Record<string, JsonSchema>;
  };
  for (const [name, definition] of Object.entries($defs)) schemas[componentName(name)] = moved(definition);
  const { id, ...own } = rest as JsonSchema & { id?: string };
  if (id === undefined) return moved(own);
  schemas[id] = moved(own);
  return ref(id);
}

/** Anonymous definitions (recursive ones: any JSON) get a name of their own. */
const componentName = (name: string): string =>
  name.startsWith('__') ? `Json${name.replaceAll('_', '')}` : name;

function moved(schema: JsonSchema): JsonSchema {
  const text = JSON.stringify(schema, (key, value: unknown) =>
    key === '$ref' && typeof value === 'string' && value.startsWith('#/$defs/')
      ? `#/components/schemas/${componentName(value.slice('#/$defs/'.length))}`
      : value,
  );
  const { id: _, ...rest } = JSON.parse(text) as JsonSchema & { id?: unknown };
  return rest;
}
