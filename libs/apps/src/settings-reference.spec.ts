import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { appSettingsReference, describeAppSettings } from './index.js';
import { settablePaths } from './settings.js';

describe('the settings of an app, as operators read of them', () => {
  const settings = describeAppSettings();
  const of = (path: string) => settings.find((setting) => setting.path === path);

  it('are all that can be set, each with a meaning and with what is allowed', () => {
    expect(settings.map(({ path }) => path)).toEqual(settablePaths);
    for (const { path, meaning, allowed } of settings) {
      expect([path, meaning]).toEqual([path, expect.stringMatching(/^[A-Z].*[.)]$/)]);
      expect([path, allowed]).toEqual([path, expect.not.stringMatching(/undefined|^$/)]);
    }
  });

  it('tell unit, bounds and what each preset starts with', () => {
    expect(of('limits.members')).toMatchObject({
      native: '10000',
      leancloud: '500',
      allowed: '2–100000 clients',
    });
    expect(of('conversations.join')).toMatchObject({ native: 'invite', allowed: 'invite | open' });
    expect(of('origins')).toMatchObject({ native: '[]', leancloud: '[]' });
    expect(of('login.jwksUrl')).not.toHaveProperty('native');
    expect(of('name')).not.toHaveProperty('leancloud');
  });
});

describe('docs/reference/app-settings.md', () => {
  it('is what the schema says: run `npm run docs:app-settings` when this fails', () => {
    const page = readFileSync(join(__dirname, '../../../docs/reference/app-settings.md'), 'utf8');
    expect(page).toBe(appSettingsReference());
    for (const path of settablePaths) expect(page).toContain(`| \`${path}\` |`);
  });
});
