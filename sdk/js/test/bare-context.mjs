// Loads the built module and all it imports into a bare JavaScript context (no window, process, Buffer, document,
// navigator; timers and WebSocket as React Native has them), makes a client, and prints what it did.
// node --experimental-vm-modules bare-context.mjs
/* global atob, btoa, clearInterval, setInterval */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import vm from 'node:vm';

const root = resolve(import.meta.dirname, '../../..');
const opened = [];

class WebSocket {
  constructor(url) {
    opened.push(url);
  }
  send() {}
  close() {}
}

const context = vm.createContext({
  setTimeout,
  clearTimeout,
  setInterval,
  clearInterval,
  WebSocket,
  atob,
  btoa,
});
const modules = new Map();

/** As a bundler for browsers resolves it. */
function locate(specifier, from) {
  if (specifier.startsWith('.')) return mapped(resolve(dirname(from), specifier));
  const folder = join(root, 'node_modules', specifier);
  const { exports, browser, module, main } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const entry = exports?.['.'] ?? exports;
  const pick = (one) =>
    typeof one === 'string' ? one : one && pick(one.browser ?? one.import ?? one.default ?? one.require);
  const file = pick(entry) ?? (typeof browser === 'string' ? browser : (module ?? main));
  return mapped(join(folder, file));
}

/** A package may name other files for browsers. */
function mapped(file) {
  for (let folder = dirname(file); folder.startsWith(join(root, 'node_modules')); folder = dirname(folder)) {
    if (!existsSync(join(folder, 'package.json'))) continue;
    const { browser, name } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    if (name === undefined) continue;
    const other = typeof browser === 'object' && browser[`.${file.slice(folder.length)}`];
    return other ? join(folder, other) : file;
  }
  return file;
}

function load(file) {
  let found = modules.get(file);
  if (found === undefined) {
    found = new vm.SourceTextModule(readFileSync(file, 'utf8'), { context, identifier: file });
    modules.set(file, found);
  }
  return found;
}

const sdk = load(join(root, 'sdk/js/dist/index.js'));
await sdk.link((specifier, { identifier }) => load(locate(specifier, identifier)));
await sdk.evaluate();

const { HongyanClient, AsyncStorage, MemoryStorage, contentOf } = sdk.namespace;
const client = new HongyanClient({
  url: 'http://im.example.com',
  appId: 'app',
  credentials: { clientId: 'me' },
  storage: new MemoryStorage(),
});
client.connect().catch(() => undefined);
const sending = client.conversations.of('c').send({ binary: Uint8Array.from([1, 2, 3]) });
await new Promise((go) => setTimeout(go, 50));
const report = {
  state: client.state,
  pending: client.pending.length,
  opened,
  bytes: [...contentOf(sending.local)],
  storage: typeof AsyncStorage,
  modules: modules.size,
};
await client.close();
process.stdout.write(JSON.stringify(report));
