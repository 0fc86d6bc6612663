import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import ts from 'typescript';

/** The versions of the SDK, and the names that package.json gives them. */
export const sdkPackages = { 5: 'leancloud-realtime-5', 4: 'leancloud-realtime-4' } as const;
export type SdkVersion = keyof typeof sdkPackages;
export const sdkVersions: readonly SdkVersion[] = [5, 4];

const require = createRequire(join(process.cwd(), 'package.json'));

/** A class that the typings misspell. */
const spelling: Readonly<Record<string, string>> = { PresistentConversation: 'PersistentConversation' };
/** Exported, and of other packages. */
const notTheirs = new Set(['Promise', 'EventEmitter']);

/** `5.0.0-rc.8` of version 5. */
export function fullVersion(version: SdkVersion): string {
  const { version: full } = JSON.parse(readFileSync(inPackage(version, 'package.json'), 'utf8')) as {
    version: string;
  };
  return full;
}

/**
 * Every public method (`Class.method`), exported function and event (`Class:event`) of a version: what its typings
 * declare and what its exports have, sorted.
 */
export function publicMembers(version: SdkVersion): string[] {
  const found = new Set([...declaredMembers(version), ...exportedMembers(version)]);
  return [...found].sort();
}

const inPackage = (version: SdkVersion, file: string) =>
  join(dirname(require.resolve(`${sdkPackages[version]}/package.json`)), file);

function declaredMembers(version: SdkVersion): string[] {
  const text = readFileSync(inPackage(version, 'realtime.d.ts'), 'utf8');
  const { statements } = ts.createSourceFile('realtime.d.ts', text, ts.ScriptTarget.Latest, true);
  const events = eventsByInterface(statements);
  const found: string[] = [];
  for (const statement of statements) {
    if (ts.isClassDeclaration(statement)) {
      const name = spelled(statement.name!.text);
      for (const member of statement.members)
        if (ts.isMethodDeclaration(member)) found.push(`${name}.${member.name.getText()}`);
      for (const event of eventsOf(statement, events)) found.push(`${name}:${event}`);
    } else if (ts.isFunctionDeclaration(statement)) found.push(statement.name!.text);
  }
  return found;
}

const spelled = (name: string) => spelling[name] ?? name;

/** `EventEmitter<A | B>` means the events of both. */
function eventsOf(
  declaration: ts.ClassDeclaration,
  events: ReadonlyMap<string, ReadonlySet<string>>,
): string[] {
  const emitters = (declaration.heritageClauses ?? [])
    .flatMap(({ types }) => [...types])
    .filter(({ expression }) => expression.getText() === 'EventEmitter');
  return emitters
    .flatMap(({ typeArguments = [] }) => [...typeArguments])
    .flatMap((type) => type.getText().split('|'))
    .flatMap((name) => [...(events.get(name.trim()) ?? [])]);
}

function eventsByInterface(statements: ts.NodeArray<ts.Statement>): Map<string, Set<string>> {
  const values = new Map<string, string>();
  const found = new Map<string, Set<string>>();
  for (const statement of statements)
    if (ts.isEnumDeclaration(statement) && statement.name.text === 'Event')
      for (const { name, initializer } of statement.members)
        values.set(`[Event.${name.getText()}]`, (initializer as ts.StringLiteral).text);
  for (const statement of statements) {
    if (!ts.isInterfaceDeclaration(statement) || !statement.name.text.endsWith('Event')) continue;
    const bases = (statement.heritageClauses ?? []).flatMap(({ types }) =>
      types.map((type) => type.getText()),
    );
    const own = statement.members.map(({ name }) => values.get(name?.getText() ?? ''));
    const events = [...bases.flatMap((base) => [...(found.get(base) ?? [])]), ...own];
    found.set(statement.name.text, new Set(events.filter((event) => event !== undefined)));
  }
  // The typings leave it out because its arguments could not be typed then.
  for (const name of ['ConnectionEvent', 'ClientEvent'])
    found.get(name)?.add(values.get('[Event.SCHEDULE]')!);
  return found;
}

function exportedMembers(version: SdkVersion): string[] {
  const sdk = require(sdkPackages[version]) as Record<string, unknown>;
  return Object.entries(sdk).flatMap(([name, value]) => {
    if (notTheirs.has(name)) return [];
    if (isClass(value)) return classMembers(value).filter((member) => !notTheirs.has(member.split('.')[0]!));
    if (typeof value === 'function') return [name];
    return name === 'debug' ? ['debug.enable', 'debug.disable'] : [];
  });
}

export type Class = (new (...args: never[]) => object) & Record<string, unknown>;

/** A function that has methods, or that extends another. */
export function isClass(value: unknown): value is Class {
  if (typeof value !== 'function') return false;
  const prototype = value.prototype as object | undefined;
  if (prototype === undefined) return false;
  return (
    Object.getOwnPropertyNames(prototype).length > 1 || Object.getPrototypeOf(prototype) !== Object.prototype
  );
}

/** A class with those that it extends, itself first. */
export function ancestry(type: Class): Class[] {
  const found: Class[] = [];
  for (let at: unknown = type; typeof at === 'function' && at.name !== ''; at = parentOf(at as Class))
    found.push(at as Class);
  return found;
}

function parentOf(type: Class): unknown {
  const above = Object.getPrototypeOf(type.prototype) as { constructor: unknown } | null;
  return above === null || above === Object.prototype ? undefined : above.constructor;
}

const unwanted = new Set([
  'constructor',
  'length',
  'name',
  'prototype',
  'prefixed',
  'EventEmitter',
  'caller',
  'arguments',
]);

/** Names of the methods that `holder` itself has. */
export function ownMethods(holder: object): string[] {
  return Object.entries(Object.getOwnPropertyDescriptors(holder))
    .filter(
      ([name, { value }]) => typeof value === 'function' && !unwanted.has(name) && !name.startsWith('_'),
    )
    .map(([name]) => name);
}

export const classMembers = (type: Class): string[] =>
  ancestry(type).flatMap((one) =>
    [...ownMethods(one), ...ownMethods(one.prototype as object)].map((name) => `${one.name}.${name}`),
  );
