import { itUnless, type Obstacle } from '../obstacles.js';
import { notOurs } from './compat-server.js';
import { fetchJavaSdk, runJavaSdk } from './java-sdk.js';

/** LeanCloud's Java SDK, as Android apps have it, where Maven can fetch it. */

jest.setTimeout(180_000);

function withoutSdk(): Obstacle {
  try {
    fetchJavaSdk();
    return undefined;
  } catch (error) {
    return (error instanceof Error ? error.message : String(error)).split('\n')[0];
  }
}

itUnless(notOurs ?? withoutSdk(), 'the Java SDK talks, and comes back from every kind of end', async () => {
  const said: string[] = [];
  const status = await runJavaSdk((line) => said.push(line));
  expect(said.filter((line) => !line.startsWith('ok '))).toEqual(['0 failed']);
  expect(said.length).toBeGreaterThan(40);
  expect(status).toBe(0);
});
