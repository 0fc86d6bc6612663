import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError, configurationReference, explainConfig, loadConfig, standaloneSchema } from './index.js';
import { describeSettings } from './schema.js';

const load = (env: Record<string, string>, overrides = {}) => loadConfig(standaloneSchema, env, overrides);

describe('the configuration', () => {
  it('has defaults that suit a first start, and is frozen', () => {
    const { config, warnings } = load({ PATH: '/bin' });
    expect(config).toMatchObject({ data: './data', host: '127.0.0.1', port: 7788, logLevel: 'info' });
    expect(Object.isFrozen(config)).toBe(true);
    expect(warnings).toEqual([]);
  });

  it('takes options before the environment, and an empty variable as absent', () => {
    const env = { HONGYAN_PORT: '9000', HONGYAN_HOST: '', HONGYAN_DATA: '/srv/hongyan' };
    expect(load(env, { port: '9001' }).config).toMatchObject({
      port: 9001,
      host: '127.0.0.1',
      data: '/srv/hongyan',
    });
  });

  it('names every variable that is wrong, with what is allowed', () => {
    const wrong = () => load({ HONGYAN_PORT: '70000', HONGYAN_LOG_LEVEL: 'loud' });
    expect(wrong).toThrow(ConfigError);
    expect(wrong).toThrow(/HONGYAN_PORT: .*allowed: integer 0–65535.*HONGYAN_LOG_LEVEL: .*fatal \| error/);
  });

  it('warns about variables that are none of its settings', () => {
    expect(load({ HONGYAN_PROT: '1', HONGYAN_COLOUR: 'red' }).warnings).toEqual([
      'HONGYAN_COLOUR is not a setting',
      'HONGYAN_PROT is not a setting; did you mean HONGYAN_PORT?',
    ]);
  });
});

describe('config check', () => {
  it('tells values, where they come from, and no secret', () => {
    const { ok, settings } = explainConfig(standaloneSchema, {
      HONGYAN_SECRET_KEY: 'abc',
      HONGYAN_PORT: '80',
    });
    expect(ok).toBe(true);
    const of = (name: string) => settings.find(({ env }) => env === name);
    expect(of('HONGYAN_PORT')).toMatchObject({ value: '80', from: 'environment' });
    expect(of('HONGYAN_SECRET_KEY')).toMatchObject({ value: '(set)', from: 'environment' });
    expect(of('HONGYAN_HOST')).toMatchObject({ value: '127.0.0.1', from: 'default' });
    expect(of('HONGYAN_OPERATOR_TOKEN')).toMatchObject({ value: '(not set)', from: 'default' });
  });

  it('tells problems instead of throwing', () => {
    expect(explainConfig(standaloneSchema, { HONGYAN_PORT: 'x' })).toMatchObject({
      ok: false,
      problems: [expect.any(String)],
    });
  });
});

describe('docs/reference/configuration.md', () => {
  it('is what the schema says: run `npm run docs:config` when this fails', () => {
    const page = readFileSync(join(__dirname, '../../../docs/reference/configuration.md'), 'utf8');
    expect(page).toBe(configurationReference());
    for (const { env } of describeSettings(standaloneSchema)) expect(page).toContain(env);
  });
});
