// Which file is a test of which jest project: one table for jest and for `npm test`.
import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { root } from './run.mjs';
import { filesUnder } from './stamp.mjs';

/** `folders` and `pattern` (of the path from the root) say what belongs to the project, `tools` what it needs beside Node. */
export const testProjects = {
  unit: {
    folders: ['apps', 'libs', 'sdk/js/src', 'test/chaos', 'test/load', 'tools'],
    pattern: '^(?!.*\\.int\\.spec\\.).*\\.spec\\.(ts|mjs)$',
    tools: [],
  },
  int: { folders: ['apps', 'libs', 'test'], pattern: '\\.int\\.spec\\.ts$', tools: ['jdk', 'maven'] },
  e2e: { folders: ['test/e2e'], pattern: '\\.e2e\\.ts$', tools: ['openssl'] },
  compat: { folders: ['test/compat'], pattern: '\\.e2e\\.ts$', tools: ['openssl'] },
  browser: { folders: ['test/browser'], pattern: '\\.browser\\.ts$', tools: ['chromium'] },
};

/** The project's folders that exist: jest refuses others. */
export function foldersOf(project) {
  return testProjects[project].folders.filter((folder) => existsSync(join(root, folder)));
}

/** Test files by project, as paths from the root, of which `filter` (a regular expression, any case) matches. */
export function selectTests(filter = '') {
  const wanted = new RegExp(filter, 'i');
  return Object.fromEntries(
    Object.entries(testProjects).map(([project, { pattern }]) => {
      const files = foldersOf(project).flatMap((folder) => filesUnder(join(root, folder)));
      const paths = files.map((file) => relative(root, file));
      return [project, paths.filter((path) => new RegExp(pattern).test(path) && wanted.test(path))];
    }),
  );
}
