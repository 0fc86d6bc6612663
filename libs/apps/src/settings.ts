import { AppError } from '@hongyan/protocol';
import { z } from 'zod';
import { describeAppSettings } from './describe-settings.js';
import { presets } from './presets.js';
import { type Settable, settableSchema } from './settings-schema.js';
import type { App } from './types.js';

/** Settings as they are stored, read and changed. */

const rotating = z.object({
  current: z.string().min(1),
  previous: z.string().optional(),
  previousUntil: z.int().optional(),
});

const storedSchema = z.object({
  ...settableSchema.shape,
  preset: z.enum(['native', 'leancloud']),
  appKey: rotating,
  updatedAt: z.int(),
});

/** An app without what a store keeps beside it. */
export type AppSettings = z.output<typeof storedSchema>;

const CURRENT_VERSION = 1;

/**
 * Settings as they are stored. Settings that did not exist yet when the app was written take the value of the app's
 * preset, and ones that no longer exist are left out, so adding or removing one needs no migration. Changing the
 * meaning of one raises the version and adds a step in {@link parseSettings}.
 */
export function serializeSettings(settings: AppSettings): string {
  return JSON.stringify({ version: CURRENT_VERSION, ...settings });
}

/** Throws for settings of a version that this server does not know. */
export function parseSettings(text: string): AppSettings {
  const stored = JSON.parse(text) as { version?: unknown } & Partial<AppSettings>;
  if (stored.version !== CURRENT_VERSION) {
    throw new Error(
      `the settings have version ${String(stored.version)}; this server knows ${CURRENT_VERSION}`,
    );
  }
  const preset = presets[stored.preset ?? 'native'];
  const section = <K extends 'login' | 'conversations' | 'messages' | 'rooms' | 'limits'>(
    name: K,
  ): object => {
    const known = Object.keys(settableSchema.shape[name].shape);
    const merged: Record<string, unknown> = { ...preset[name], ...stored[name] };
    return Object.fromEntries(known.filter((key) => key in merged).map((key) => [key, merged[key]]));
  };
  return storedSchema.parse({
    clientsEditThemselves: preset.clientsEditThemselves,
    origins: preset.origins,
    ...stored,
    login: section('login'),
    conversations: section('conversations'),
    messages: section('messages'),
    rooms: section('rooms'),
    limits: section('limits'),
  });
}

/** The part of an app that {@link applySettings} changes. */
export function settableOf(app: App): Settable {
  const { name, enabled, login, conversations, messages, rooms, limits, clientsEditThemselves, origins } =
    app;
  return { name, enabled, login, conversations, messages, rooms, limits, clientsEditThemselves, origins };
}

const optionalPaths = new Set(['login.jwtKeys', 'login.jwksUrl', 'login.verifierUrl']);

/** Every path that can be set. */
export const settablePaths: readonly string[] = Object.entries(settableSchema.shape).flatMap(
  ([name, schema]) =>
    schema instanceof z.ZodObject ? Object.keys(schema.shape).map((key) => `${name}.${key}`) : [name],
);

/**
 * `settings` with the changes made. Keys are dotted paths; null removes an optional one. Throws `bad_request` that
 * names the path: unknown, out of bounds, or against another setting.
 */
export function applySettings(settings: Settable, changes: Readonly<Record<string, unknown>>): Settable {
  const changed = structuredClone(settings) as unknown as Record<string, unknown>;
  for (const [path, value] of Object.entries(changes)) {
    if (!settablePaths.includes(path)) {
      throw new AppError('bad_request', { detail: `there is no setting "${path}"${suggestion(path)}` });
    }
    const [first, second] = path.split('.') as [string, string?];
    const holder = second === undefined ? changed : (changed[first] as Record<string, unknown>);
    const key = second ?? first;
    if (value === null && optionalPaths.has(path)) delete holder[key];
    else holder[key] = value;
  }
  const parsed = settableSchema.safeParse(changed);
  if (!parsed.success) {
    throw new AppError('bad_request', { detail: reasonOf(parsed.error) });
  }
  const { login: policy, limits: bounds } = parsed.data;
  if (policy.jwtAlgorithm !== 'HS256' && !policy.jwtKeys?.length && policy.jwksUrl === undefined) {
    throw new AppError('bad_request', {
      detail: `login.jwtAlgorithm ${policy.jwtAlgorithm} needs login.jwtKeys or login.jwksUrl`,
    });
  }
  if (bounds.bodyBytes > bounds.frameBytes) {
    throw new AppError('bad_request', { detail: 'limits.bodyBytes is larger than limits.frameBytes' });
  }
  return parsed.data;
}

function reasonOf({ issues: [issue] }: z.ZodError): string {
  const path = issue?.path.join('.') ?? 'settings';
  // An item of a list has its place behind the name.
  const setting = describeAppSettings().find((known) => `${path}.`.startsWith(`${known.path}.`));
  const allowed = setting === undefined ? '' : ` (allowed: ${setting.allowed})`;
  return `${path}: ${issue?.message ?? 'not valid'}${allowed}`;
}

function suggestion(path: string): string {
  const nameOf = (setting: string) => setting.toLowerCase().split('.').at(-1) ?? '';
  const name = nameOf(path);
  const [closest] = settablePaths
    .map((known) => ({ known, exact: nameOf(known) === name, shared: sharedEnds(nameOf(known), name) }))
    .sort((one, other) => Number(other.exact) - Number(one.exact) || other.shared - one.shared);
  return closest !== undefined && closest.shared > name.length / 2
    ? `; did you mean "${closest.known}"?`
    : ' (docs/reference/app-settings.md has them all)';
}

/** How many characters two words have in common at their beginning and at their end. */
function sharedEnds(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let start = 0;
  while (start < most && a[start] === b[start]) start += 1;
  let end = 0;
  while (start + end < most && a.at(-1 - end) === b.at(-1 - end)) end += 1;
  return start + end;
}
