import { leanCloudRoutes } from './routes.js';
import type { Access, LeanCloudRoute } from './route.js';

const keys: Readonly<Record<Access, string>> = {
  master: 'master',
  key: 'app or master',
  signed: 'master, or app with signature',
};

/** Answered beside this door, where the sockets of the clients that ask are. */
const elsewhere: readonly string[] = [
  '| POST `/1.1/rtm/sign`, GET `/1.2/rtm/clients/sign` | app or master | a login signature for a token of your own users | yes; the token is shown to the URL that the app is set to |',
  '| GET `/1.1/rtm/notifications`, GET `/1.1/classes/_ConversationMemberInfo` | token of a session | what the realtime SDKs ask for by themselves, with `X-LC-IM-Session-Token` | yes |',
];

const stateOf = ({ differs }: LeanCloudRoute): string => (differs === undefined ? 'yes' : `yes; ${differs}`);

const row = (route: LeanCloudRoute): string =>
  `| ${route.method.toUpperCase()} \`${route.path.replaceAll(/:(\w+)/g, '{$1}')}\` | ${keys[route.access]} | ${route.summary} | ${stateOf(route)} |`;

/** Every endpoint with its state, as docs/leancloud/rest.md has it. */
export const endpointTable = (): string =>
  ['| endpoint | key | what | state |', '|---|---|---|---|', ...leanCloudRoutes.map(row), ...elsewhere].join(
    '\n',
  );

/** The page with its table printed anew. Throws when the page has no place for it. */
export function withEndpointTable(page: string): string {
  const [begin, end] = ['<!-- endpoints -->', '<!-- /endpoints -->'];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the page has no ${begin} … ${end}`);
  return `${page.slice(0, from + begin.length)}\n\n${endpointTable()}\n\n${page.slice(to)}`;
}
