import { type Command, Option } from 'commander';
import { action } from './action.js';
import { onlyOne } from './app-commands.js';
import type { Connection } from './connect.js';
import { UsageError } from './failure.js';
import { type Http, part } from './http.js';
import { answer, pairs, table, timeText } from './output.js';

export interface OfApp {
  readonly data?: string;
  readonly json?: boolean;
  readonly app?: string;
}

export const appOption = (): Option =>
  new Option('--app <id>', 'the app; may be left out when there is one only');

/** The server API of the app that is meant. */
async function apiOf(connection: Connection, { app }: OfApp): Promise<Http> {
  return connection.app(app ?? (await onlyOne(connection.admin.get('/apps'), 'app')));
}

interface ConversationView {
  readonly id: string;
  readonly kind: string;
  readonly name?: string;
  readonly memberCount: number;
  readonly createdAt: number;
  readonly creator?: string;
  readonly seq: number;
}

export function addConversationCommands(program: Command): void {
  const conversation = program.command('conversation').description('conversations of an app');
  conversation
    .command('create')
    .description('create a conversation')
    .addOption(appOption())
    .option('--id <id>', 'its id; made when absent')
    .addOption(
      new Option('--kind <kind>', 'its kind').choices(['ordinary', 'room', 'system']).default('ordinary'),
    )
    .option('--name <name>', 'its name')
    .option('--members <clients>', 'its members, separated by commas')
    .option('--from <client>', 'who makes it; absent: the service')
    .option('--unique', 'at most one conversation for exactly these members')
    .addHelpText(
      'after',
      `
Examples:
  $ hongyan conversation create --name Team --members alice,bob
  $ hongyan conversation create --kind room --id lobby --name Lobby`,
    )
    .action(
      action<
        OfApp & {
          id?: string;
          kind: string;
          name?: string;
          members?: string;
          from?: string;
          unique?: boolean;
        }
      >(async (connection, options, output) => {
        const { id, kind, name, from, unique } = options;
        const members = options.members
          ?.split(',')
          .map((client) => client.trim())
          .filter((client) => client !== '');
        const api = await apiOf(connection, options);
        const made = await api.post<{ conversation: ConversationView; created: boolean }>('/conversations', {
          id,
          kind,
          name,
          from,
          unique,
          members,
        });
        answer(output, made, ({ conversation: view, created }) =>
          created ? `Created conversation ${view.id}.` : `There is one already: ${view.id}.`,
        );
      }),
    );
  conversation
    .command('show <id>')
    .description('show a conversation, its members and last messages')
    .addOption(appOption())
    .action(
      action<OfApp>(async (connection, options, output, [id = '']) => {
        const api = await apiOf(connection, options);
        const path = `/conversations/${part(id)}`;
        const { conversation: view } = await api.get<{ conversation: ConversationView }>(path);
        const isRoom = view.kind === 'room';
        const { items: members } = isRoom
          ? { items: [] }
          : await api.get<{ items: Member[] }>(`${path}/members?limit=20`);
        const { messages } = await api.get<{ messages: Message[] }>(`${path}/messages?limit=5`);
        answer(output, { conversation: view, members, messages }, () =>
          [
            pairs([
              ['id', view.id],
              ['kind', view.kind],
              ['name', view.name],
              ['created', timeText(view.createdAt)],
              ['creator', view.creator ?? '(the service)'],
              ['members', view.memberCount],
              ['last sequence', view.seq],
            ]),
            members.length === 0
              ? ''
              : `\n${table(
                  ['MEMBER', 'ROLE', 'SINCE'],
                  members.map((m) => [m.client, m.role, timeText(m.joinedAt)]),
                )}`,
            messages.length === 0
              ? ''
              : `\n${table(
                  ['SEQ', 'TIME', 'FROM', 'MESSAGE'],
                  messages.map((m) => [m.seq, timeText(m.time), m.from ?? '(service)', shorten(m)]),
                )}`,
          ]
            .filter((text) => text !== '')
            .join('\n'),
        );
      }),
    );

  program
    .command('message')
    .description('messages of an app')
    .command('send')
    .description('send a message as a client or as the service')
    .addOption(appOption())
    .requiredOption('--conversation <id>', 'the conversation')
    .option('--from <client>', 'who sends it; absent: the service')
    .option('--text <text>', 'a text')
    .option('--type <type>', 'the type of a JSON message')
    .option(
      '--json [body]',
      'with a value: a JSON message; without: answer as JSON (so does hongyan --json message send …)',
    )
    .addHelpText(
      'after',
      `
Examples:
  $ hongyan message send --conversation ID --from alice --text "hello"
  $ hongyan message send --conversation ID --type order --json '{"order":42}'`,
    )
    .action(sendMessage(program));
}

interface Member {
  readonly client: string;
  readonly role: string;
  readonly joinedAt: number;
}

interface Message {
  readonly seq?: number;
  readonly time: number;
  readonly from?: string;
  readonly format: string;
  readonly body: string;
  readonly recalled?: boolean;
}

const shorten = ({ body, recalled, format }: Message): string => {
  if (recalled) return '(recalled)';
  if (format === 'binary') return '(binary)';
  const line = body.replaceAll(/\s+/g, ' ');
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
};

interface SendOptions extends Omit<OfApp, 'json'> {
  readonly conversation: string;
  readonly from?: string;
  readonly text?: string;
  readonly type?: string;
  readonly json?: string | boolean;
}

function sendMessage(program: Command): (...all: unknown[]) => Promise<void> {
  return async (...all) => {
    const command = all.at(-1) as Command;
    const options: SendOptions = { ...program.opts<Pick<OfApp, 'data'>>(), ...command.opts<SendOptions>() };
    const { text, type, from, conversation } = options;
    const json = typeof options.json === 'string' ? options.json : undefined;
    if ((text === undefined) === (json === undefined))
      throw new UsageError('give either --text or --json with a body');
    const content =
      text === undefined ? { format: 'json', body: checkJson(json ?? '') } : { format: 'text', body: text };
    const { withServer } = await import('./connect.js');
    const { toStdout } = await import('./output.js');
    const wantsJson = options.json === true || program.opts<OfApp>().json === true;
    await withServer(options, async (connection) => {
      const api = await apiOf(connection, { ...options, json: wantsJson });
      const path = `/conversations/${part(conversation)}/messages`;
      const sent = await api.post<{ id: string; seq: number }>(path, { ...content, type, from });
      answer(toStdout(wantsJson), sent, ({ id, seq }) => `Sent ${id} (sequence ${seq}).`);
    });
  };
}

function checkJson(text: string): string {
  try {
    JSON.parse(text);
    return text;
  } catch {
    throw new UsageError(`--json: ${text} is no JSON`);
  }
}
