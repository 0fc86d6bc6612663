import { type Outcome, runConformance } from '../../sdk/conformance/index.js';
import { cases } from '../../sdk/conformance/suite.js';
import { TestServer } from './server.js';

/** The protocol's own suite against a fresh server: each of its cases is a test here. */

jest.setTimeout(240_000);

let outcomes: readonly Outcome[];
let said = '';
beforeAll(async () => {
  const server = await TestServer.start({ env: { HONGYAN_LOG_LEVEL: 'error' } });
  try {
    const { id, masterKey } = await server.createApp({ 'login.unsigned': false });
    outcomes = await runConformance({ url: server.url, app: id, masterKey });
    said = server.output;
  } finally {
    await server.close();
  }
});

it('has cases', () => expect(cases.length).toBeGreaterThan(50));

it.each(cases.map(({ name }) => name))('%s', (name) => {
  const { error } = outcomes.find((outcome) => outcome.name === name)!;
  if (error !== undefined) throw error;
});

it('leaves no error in the log of the server', () => expect(said).toBe(''));
