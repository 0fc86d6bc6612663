import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { getCallSites } from 'node:util';
import { ancestry, type Class, isClass, ownMethods, type SdkVersion } from './sdk-surface.js';

/**
 * What of the SDK the scenarios use: each public method that test code itself calls (not what the SDK calls inside)
 * and each event that test code listens to and is told of. Only objects in memory are wrapped, never files.
 *
 * What was used is kept in sdk-uses.json, from which the page in docs/leancloud is printed; a scenario that no longer
 * uses what is written there fails.
 */

/** Members by scenario (`file: name`), by version of the SDK. */
export type Uses = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

export const usesFile = join(process.cwd(), 'test', 'compat', 'sdk-uses.json');
/** A folder: what is used is written there instead of compared. */
export const recordFolderName = 'HONGYAN_COMPAT_RECORD';

const ownFolder = join(process.cwd(), 'test', 'compat');
const seen = new Map<SdkVersion, Map<string, Set<string>>>();
const wrapped = new WeakSet<object>();
const listenedTo = new WeakMap<object, Set<string>>();
let scenario: string | undefined;

/** To be called at the top of a test file. */
export function watchScenarios(): void {
  beforeEach(() => {
    scenario = scenarioName();
  });
  afterEach(() => {
    const ended = scenario;
    scenario = undefined;
    if (ended !== undefined && process.env[recordFolderName] === undefined) compare(ended);
  });
  afterAll(() => {
    const folder = process.env[recordFolderName];
    if (folder !== undefined) writeFileSync(join(folder, `${fileName()}.json`), JSON.stringify(asUses()));
  });
}

const fileName = () => basename(expect.getState().testPath!).replace(/\.e2e\.ts$/, '');
const scenarioName = () => `${fileName()}: ${expect.getState().currentTestName!.replace(/ of SDK [45]/, '')}`;

function compare(ended: string): void {
  if (!existsSync(usesFile)) return;
  const written = JSON.parse(readFileSync(usesFile, 'utf8')) as Uses;
  const versions = [...seen].filter(([, uses]) => uses.has(ended));
  for (const [version, uses] of versions) {
    const claimed = written[version]?.[ended];
    if (claimed === undefined)
      throw new Error(`docs/leancloud does not know the scenario "${ended}": npm run docs:leancloud-sdk`);
    const missing = claimed.filter((member) => !uses.get(ended)!.has(member));
    if (missing.length > 0)
      throw new Error(
        `"${ended}" did not use ${missing.join(', ')}, as docs/leancloud says: npm run docs:leancloud-sdk`,
      );
  }
}

const asUses = (): Uses =>
  Object.fromEntries(
    [...seen].map(([version, uses]) => [
      version,
      Object.fromEntries([...uses].map(([name, members]) => [name, [...members].sort()])),
    ]),
  );

function note(version: SdkVersion, members: readonly string[]): void {
  if (scenario === undefined) return;
  let uses = seen.get(version);
  if (uses === undefined) seen.set(version, (uses = new Map<string, Set<string>>()));
  const of = uses.get(scenario) ?? new Set<string>();
  uses.set(scenario, of);
  for (const member of members) of.add(member);
}

/** Frames above: this function, the wrapper, and who called it. */
const calledByTest = () => getCallSites(3).at(-1)?.scriptName.includes(ownFolder) === true;

/** The SDK with its functions watched; its classes are the same objects. */
export function watchSdk<T extends object>(version: SdkVersion, sdk: T): T {
  const exports = Object.entries(sdk).map(([name, value]: [string, unknown]) => {
    if (name === 'Promise') return [name, value];
    if (isClass(value)) watchClass(version, value);
    else if (typeof value === 'function') return [name, watchFunction(version, name, value as Plain)];
    return [name, value];
  });
  const watched = Object.fromEntries(exports) as T & { debug?: object };
  if (watched.debug !== undefined) watchHolder(version, watched.debug, () => ['debug']);
  return watched;
}

/** Methods that an object has of its own, as those that plugins add. */
export function watchOwn(version: SdkVersion, object: object): void {
  watchHolder(version, object, () => [object.constructor.name]);
}

/** For objects whose classes the SDK does not export. */
export function watchObject(version: SdkVersion, object: object): void {
  watchClass(version, object.constructor as Class);
}

type Plain = (...args: unknown[]) => unknown;

function watchFunction(version: SdkVersion, name: string, original: Plain) {
  return function (this: unknown, ...args: unknown[]): unknown {
    if (calledByTest()) note(version, [name]);
    return original.apply(this, args);
  };
}

function watchClass(version: SdkVersion, type: Class): void {
  for (const one of ancestry(type)) {
    watchHolder(version, one, () => [one.name]);
    // A method that is inherited is one of each class from the object's own up to the one that has it.
    watchHolder(version, one.prototype as object, (self) => namesBetween(self, one));
  }
}

function namesBetween(self: object, last: Class): string[] {
  const names = ancestry(self.constructor as Class).map(({ name }) => name);
  const end = names.indexOf(last.name);
  return end === -1 ? [last.name] : names.slice(0, end + 1);
}

function watchHolder(
  version: SdkVersion,
  holder: object,
  classesOf: (self: object) => readonly string[],
): void {
  if (wrapped.has(holder)) return;
  wrapped.add(holder);
  for (const name of ownMethods(holder)) {
    const original = (holder as Record<string, (...args: unknown[]) => unknown>)[name]!;
    const watched = function (this: object, ...args: unknown[]): unknown {
      if (calledByTest()) {
        note(
          version,
          classesOf(this).map((type) => `${type}.${name}`),
        );
        if (name === 'on' || name === 'once') listen(this, String(args[0]));
      }
      if (name === 'emit' && listenedTo.get(this)?.has(String(args[0])))
        note(
          version,
          ancestry(this.constructor as Class).map((type) => `${type.name}:${String(args[0])}`),
        );
      const result = original.apply(this, args);
      if (name.endsWith('MemberInfo')) void (result as Promise<unknown>).then(watchInfo, () => undefined);
      return result;
    };
    Object.defineProperty(holder, name, { value: watched, writable: true, configurable: true });
  }

  function watchInfo(result: unknown): void {
    for (const info of Array.isArray(result) ? (result as unknown[]) : [result])
      if (typeof info === 'object' && info !== null && info.constructor.name === 'ConversationMemberInfo')
        watchObject(version, info);
  }
}

function listen(emitter: object, event: string): void {
  const events = listenedTo.get(emitter) ?? new Set<string>();
  listenedTo.set(emitter, events.add(event));
}
