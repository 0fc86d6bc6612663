import { type ConfigSchema, describeSettings } from './schema.js';
import { standaloneSchema } from './standalone.js';

/** The text of docs/reference/configuration.md. */
export function configurationReference(): string {
  return `# Configuration

<!-- Printed from the schema by \`npm run docs:config\`; do not edit. -->

A process reads its configuration once, when it starts: command-line options before environment variables before the
defaults. An empty variable counts as absent. A variable that begins with \`HONGYAN_\` and is none of these is warned
about. \`hongyan config check\` shows what a process would run with and where each value comes from.

## standalone

${table(standaloneSchema)}
`;
}

function table(schema: ConfigSchema): string {
  const rows = describeSettings(schema).map(
    ({ env, defaultValue, allowed, description }) =>
      `| \`${env}\` | ${defaultValue === undefined ? '' : `\`${defaultValue}\``} | ${allowed.replaceAll('|', '\\|')} | ${description} |`,
  );
  return ['| variable | default | allowed | meaning |', '|---|---|---|---|', ...rows].join('\n');
}
