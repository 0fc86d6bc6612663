import { mkdtempSync, mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { satisfiesLock } from './install.mjs';
import { root } from './run.mjs';
import { contentHash, filesUnder, fingerprint, readStamps, writeStamps } from './stamp.mjs';
import { selectTests, testProjects } from './test-projects.mjs';
import { skippedTests } from './test-report.mjs';
import { ensureTestTools, javaMajor } from './test-tools.mjs';

function inFolder(work) {
  const folder = mkdtempSync(join(tmpdir(), 'hongyan-tooling-'));
  try {
    work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('fingerprint', () => {
  it('changes when a file is touched, grows, appears or goes, and only then', () =>
    inFolder((folder) => {
      const file = join(folder, 'a.ts');
      writeFileSync(file, 'one');
      const seen = [fingerprint([folder])];
      expect(fingerprint([folder])).toBe(seen[0]);
      utimesSync(file, 1, 1);
      seen.push(fingerprint([folder]));
      writeFileSync(file, 'longer');
      utimesSync(file, 1, 1);
      seen.push(fingerprint([folder]));
      mkdirSync(join(folder, 'sub'));
      writeFileSync(join(folder, 'sub', 'b.ts'), '');
      seen.push(fingerprint([folder]));
      expect(new Set(seen).size).toBe(4);
      rmSync(join(folder, 'sub'), { recursive: true });
      expect(fingerprint([folder])).toBe(seen[2]);
    }));

  it('looks at no installed or built files', () =>
    inFolder((folder) => {
      for (const name of ['node_modules', 'dist']) {
        mkdirSync(join(folder, name));
        writeFileSync(join(folder, name, 'x.js'), '');
      }
      expect(filesUnder(folder)).toEqual([]);
    }));
});

describe('stamps', () => {
  it('come back as they were written, and are none where there is no file or a broken one', () =>
    inFolder((folder) => {
      const file = join(folder, 'deep', 'stamp');
      expect(readStamps(file)).toEqual({});
      writeStamps(file, { server: 'x' });
      expect(readStamps(file)).toEqual({ server: 'x' });
      writeFileSync(file, '{');
      expect(readStamps(file)).toEqual({});
      expect(contentHash(join(folder, 'none'))).toBe('');
    }));
});

describe('satisfiesLock', () => {
  const entry = { version: '1.0.0', integrity: 'sha512-a' };
  const lock = {
    packages: {
      '': { name: 'root' },
      'node_modules/a': entry,
      'node_modules/for-another-machine': { ...entry, optional: true },
    },
  };
  const installed = (packages) => satisfiesLock({ packages }, lock);

  it('accepts what was asked for, with or without the optional packages', () => {
    expect(installed({ 'node_modules/a': entry })).toBe(true);
    expect(installed({ 'node_modules/a': entry, 'node_modules/for-another-machine': entry })).toBe(true);
  });

  it.each([
    ['a package is missing', {}],
    ['a version differs', { 'node_modules/a': { ...entry, version: '1.0.1' } }],
    ['the content differs', { 'node_modules/a': { ...entry, integrity: 'sha512-b' } }],
    ['there is one too many', { 'node_modules/a': entry, 'node_modules/b': entry }],
  ])('refuses when %s', (_, packages) => expect(installed(packages)).toBe(false));
});

describe('javaMajor', () => {
  it.each([
    ['openjdk version "17.0.13" 2024-10-15', 17],
    ['java version "1.8.0_401"', 8],
    ['openjdk version "25" 2025-09-16', 25],
    ['command not found', 0],
    [undefined, 0],
  ])('reads %s', (output, major) => expect(javaMajor(output)).toBe(major));
});

describe('ensureTestTools', () => {
  it('knows what every project needs', () => {
    const onlyWithoutTools = Object.fromEntries(
      Object.entries(selectTests()).filter(([project]) => testProjects[project].tools.length === 0),
    );
    expect(Object.keys(onlyWithoutTools)).toContain('unit');
    expect(() => ensureTestTools(onlyWithoutTools, () => undefined)).not.toThrow();
    for (const { tools } of Object.values(testProjects)) expect(Array.isArray(tools)).toBe(true);
  });
});

describe('the report of a run', () => {
  it('names what did not run', () => {
    const tests = [
      ['passed', 'a disk is full'],
      ['pending', 'a disk is full [skipped: no root]'],
      ['todo', 'some day'],
      ['failed', 'b'],
    ];
    const assertionResults = tests.map(([status, fullName]) => ({ status, fullName }));
    const report = { testResults: [{ name: join(root, 'test/e2e/disk.e2e.ts'), assertionResults }] };
    expect(skippedTests(report)).toEqual([
      'test/e2e/disk.e2e.ts: a disk is full [skipped: no root]',
      'test/e2e/disk.e2e.ts: some day',
    ]);
  });
});
