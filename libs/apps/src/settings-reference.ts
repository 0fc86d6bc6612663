import { errorTable } from '@hongyan/protocol';
import { type AppSettingDescription, describeAppSettings } from './describe-settings.js';

/** The text of docs/reference/app-settings.md. */
export function appSettingsReference(): string {
  const settings = describeAppSettings();
  const sections = [...new Set(settings.map(sectionOf))].map(
    (section) =>
      `## ${titles[section] ?? section}\n\n${table(settings.filter((setting) => sectionOf(setting) === section))}\n`,
  );
  return [intro, ...sections].join('\n');
}

const intro = `# Settings of an app

<!-- Printed from the schema by \`npm run docs:app-settings\`; do not edit. -->

What one app is allowed and demands; the server's own configuration is [another page](configuration.md). An app starts with the
values of its *preset*, \`native\` unless \`leancloud\` is asked for, and each can be changed by itself at any time. A setting
holds for native and LeanCloud clients alike; a change is in force when the command returns.

Operators read and change them, on the server's machine:

\`\`\`sh
npx hongyan app settings                     # this list, without a server
npx hongyan app settings limits              # what begins with this
npx hongyan app show ID                      # what an app has
npx hongyan app set ID limits.members=500 messages.editWindow=300
npx hongyan app set ID origins='["https://chat.example.com"]'
npx hongyan app set ID login.jwksUrl=null    # takes away one that need not be there
npx hongyan app create --name Trial --set login.unsigned=true
\`\`\`

or over HTTP, with the operator token (\`operator.token\` in the data folder, or \`HONGYAN_OPERATOR_TOKEN\`):

\`\`\`sh
curl -X PATCH http://127.0.0.1:7788/admin/v1/apps/ID \\
  -H "authorization: Bearer $(cat data/operator.token)" -H 'content-type: application/json' \\
  -d '{"settings":{"limits.members":500,"messages.editWindow":300}}'
\`\`\`

Values are JSON; on the command line what is no JSON is text. All changes of one call are made, or none: an unknown name, a value
out of bounds and one that does not go with another are refused with \`bad_request\` (${errorTable.bad_request.code}), which names it. An app's own
server, with its master key, cannot change them.
`;

/** Of the settings that stand by themselves. */
const general = 'general';
const titles: Readonly<Record<string, string>> = {
  [general]: 'The app',
  login: 'login: who a client is',
  conversations: 'conversations: who may do what in ordinary ones',
  messages: 'messages',
  rooms: 'rooms',
  limits: 'limits',
};

const sectionOf = ({ path }: AppSettingDescription): string =>
  path.includes('.') ? path.slice(0, path.indexOf('.')) : general;

function table(settings: readonly AppSettingDescription[]): string {
  const rows = settings.map(
    ({ path, native, leancloud, allowed, meaning }) =>
      `| \`${path}\` | ${value(native)} | ${value(leancloud)} | ${allowed.replaceAll('|', '\\|')} | ${meaning} |`,
  );
  return ['| setting | `native` | `leancloud` | allowed | meaning |', '|---|---|---|---|---|', ...rows].join(
    '\n',
  );
}

const value = (text: string | undefined): string => (text === undefined ? '' : `\`${text}\``);
