import { fetchJavaSdk, runJavaSdk } from './java-sdk.js';

/**
 * `npm run conformance:leancloud-java`: LeanCloud's Java SDK against a server of this build. Needs a JDK (17 or newer) and
 * Maven; `npm test` runs it where the SDK can be fetched.
 */
async function main(): Promise<number> {
  fetchJavaSdk();
  return await runJavaSdk((line) => process.stdout.write(`${line}\n`));
}

main().then(
  (status) => (process.exitCode = status),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  },
);
