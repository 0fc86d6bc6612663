// Preload (`node --import ./tools/register-ts.mjs x.ts`): lets Node run the sources as they are. jest compiles what it
// loads itself, but a worker thread that a test starts is plain Node and inherits this preload instead.
import { existsSync, readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { root } from './run.mjs';

const own = pathToFileURL(root).href + '/';
const isOwn = (url) => url?.startsWith(own) && !url.includes('/node_modules/') && !url.includes('/dist/');

/** The source that stands where the import of a compiled file points, if there is one. */
function sourceOf(url) {
  const source = new URL(url.href.replace(/\.js$/, '.ts'));
  return isOwn(url.href) && !existsSync(fileURLToPath(url)) && existsSync(fileURLToPath(source))
    ? source.href
    : undefined;
}

let compile;

registerHooks({
  resolve(specifier, context, next) {
    const lib = /^@hongyan\/([a-z-]+)$/.exec(specifier)?.[1];
    const index = lib && join(root, 'libs', lib, 'src', 'index.ts');
    if (index && existsSync(index))
      return { url: pathToFileURL(index).href, format: 'module', shortCircuit: true };
    if (/^(\.{1,2}\/|file:)/.test(specifier) && specifier.endsWith('.js')) {
      const url = sourceOf(new URL(specifier, context.parentURL));
      if (url) return { url, format: 'module', shortCircuit: true };
    }
    return next(specifier, context);
  },
  load(url, context, next) {
    if (!isOwn(url) || !url.endsWith('.ts')) return next(url, context);
    compile ??= process.getBuiltinModule('module').createRequire(import.meta.url)('@swc/core').transformSync;
    const { code } = compile(readFileSync(fileURLToPath(url), 'utf8'), {
      filename: fileURLToPath(url),
      swcrc: false,
      sourceMaps: 'inline',
      module: { type: 'es6' },
      jsc: {
        target: 'es2023',
        keepClassNames: true,
        parser: { syntax: 'typescript', decorators: true },
        transform: { legacyDecorator: true, decoratorMetadata: true },
      },
    });
    return { format: 'module', source: code, shortCircuit: true };
  },
});
