import { type Limits, hardLimits } from '@hongyan/protocol';
import { z } from 'zod';
import type { App, ConversationPolicy, LoginPolicy, MessagePolicy, RoomPolicy } from './types.js';

/** The settings of an app as one schema: what operators may change, what each means, its unit and its bounds. */

export interface SettingMeta {
  /** What it decides, in one sentence or two. Who reads it operates an installation. */
  readonly description: string;
  /** Of a number. */
  readonly unit?: string;
}

/** One setting with what the reference page and `hongyan app settings` say about it. */
const setting = <T extends z.ZodType>(schema: T, description: string, unit?: string): T =>
  schema.meta({ description, ...(unit === undefined ? {} : { unit }) } satisfies SettingMeta);

const DAY = 86_400;
const onOff = (description: string) => setting(z.boolean(), description);
const oneOf = <const T extends readonly [string, ...string[]]>(values: T, description: string) =>
  setting(z.enum(values), description);
const count = (min: number, max: number, unit: string, description: string) =>
  setting(z.int().min(min).max(max), description, unit);
const url = (description: string) =>
  setting(
    z
      .url({ protocol: /^https?$/ })
      .max(2048)
      .optional(),
    description,
  );

const login = z.strictObject({
  unsigned: onOff(
    'Anybody who knows the app id may be any client: for trials, and for LeanCloud apps that do so.',
  ),
  jwtAlgorithm: oneOf(
    ['HS256', 'RS256', 'ES256', 'EdDSA'],
    'The one algorithm that login tokens (JWT) may be signed with. HS256 is keyed with the master key; the others need `login.jwtKeys` or `login.jwksUrl`.',
  ),
  jwtKeys: setting(
    z.array(z.string().min(1).max(8192)).max(10).optional(),
    'Public keys for login tokens: each a PEM (key or certificate) or a JWK as JSON.',
  ),
  jwksUrl: url('Where the public keys for login tokens are fetched; `login.jwtKeys` are not looked at then.'),
  verifierUrl: url(
    'The app’s own server that says whose a LeanCloud user’s session token is (docs/leancloud/README.md).',
  ),
  signedOperations: onOff(
    'Creating conversations, adding, removing, joining, leaving, blocking and unblocking need a signature of the app’s server. Only LeanCloud’s protocol can carry one: native clients are refused these.',
  ),
  jwtMaxAge: count(1, DAY, 'seconds', 'How far ahead of now a login token may expire at most.'),
  sessionTtl: count(
    60,
    90 * DAY,
    'seconds',
    'How long after it last connected a client may come back without a new login.',
  ),
}) satisfies z.ZodType<LoginPolicy>;

const conversations = z.strictObject({
  openQueries: onOff('Clients may see, get and query ordinary conversations that they are not in.'),
  join: oneOf(['invite', 'open'], 'Whether clients may join ordinary conversations by themselves (`open`).'),
  removeOthers: oneOf(
    ['higher-role', 'any-member'],
    'Who may remove others: members of a higher role, or any member until somebody was made a manager.',
  ),
  update: oneOf(['manager', 'member'], 'The lowest role that may change name and attributes.'),
  mentionAll: oneOf(
    ['manager', 'member'],
    'The lowest role that may mention everyone; in conversations of two both may.',
  ),
  recallOthers: oneOf(
    ['higher-role', 'server'],
    'Who may recall others’ messages: members of a higher role, or the app’s server only.',
  ),
  ownerLeaves: oneOf(
    ['pass-on', 'refuse-with-roles'],
    'When an owner leaves: ownership passes on, or leaving is refused once somebody was made a manager.',
  ),
  historyForNewMembers: oneOf(
    ['all', 'since-join'],
    'What new members read: everything, or what came after they joined.',
  ),
  uniqueAfterLeave: oneOf(
    ['re-add', 'detach'],
    'When a member left a unique conversation and it is created again: the same one, with who is missing, or a new one.',
  ),
  mutesShown: onOff('Clients are told which members of a conversation muted it; the app’s server always is.'),
}) satisfies z.ZodType<ConversationPolicy>;

const messages = z.strictObject({
  edit: onOff('Authors may edit their messages.'),
  recall: onOff('Authors may recall their messages.'),
  editWindow: count(0, 365 * DAY, 'seconds', 'How long after sending authors may edit; 0: for good.'),
  recallWindow: count(0, 365 * DAY, 'seconds', 'How long after sending authors may recall; 0: for good.'),
  receipts: onOff('Senders are told what was delivered and read. Unread counts do not depend on it.'),
  typing: onOff('Clients may signal that they are typing.'),
  presence: onOff('Clients may ask who is online, and be told; the app’s server always may.'),
  retentionDays: count(
    0,
    36_500,
    'days',
    'How long logs are kept, all entries of all conversations; 0: for good. What is older is deleted (docs/guides/operating.md).',
  ),
}) satisfies z.ZodType<MessagePolicy>;

const rooms = z.strictObject({
  sendWithoutJoin: onOff('Clients may send into rooms that they have not joined.'),
  rejoinWindow: count(
    0,
    DAY,
    'seconds',
    'A session that was lost and resumes within this time is in its rooms again, and is counted meanwhile.',
  ),
  creatorJoins: onOff('Who makes a room is in it at once.'),
  historyOpen: onOff('Clients may read messages of rooms that they have not joined.'),
}) satisfies z.ZodType<RoomPolicy>;

const limits = z.strictObject({
  frameBytes: count(1024, hardLimits.frameBytes, 'bytes', 'Largest frame a client may send.'),
  bodyBytes: count(
    1,
    hardLimits.frameBytes,
    'bytes',
    'Largest body of a message, UTF-8 or decoded; at most `limits.frameBytes`.',
  ),
  members: count(
    2,
    hardLimits.members,
    'clients',
    'Most members of a conversation; of a room, who holds a role in it.',
  ),
  mentions: count(0, 1000, 'clients', 'Most clients that a message may mention by name.'),
  page: count(1, hardLimits.page, 'items', 'Most items of one page, whatever is listed.'),
  idsPerCall: count(1, hardLimits.idsPerCall, 'ids', 'Most clients that one call may ask about.'),
  conversationsPerClient: count(1, 1_000_000, 'conversations', 'Most conversations a client may be in.'),
  nameLength: count(1, 255, 'characters', 'Longest name of a conversation.'),
  attributeBytes: count(
    1,
    hardLimits.frameBytes,
    'bytes',
    'Largest attributes of a conversation as JSON, and largest columns of its own.',
  ),
  presenceSubscriptions: count(0, 1000, 'clients', 'Most clients whose presence one session may watch.'),
  roomsPerSession: count(0, 100, 'rooms', 'Most rooms a session may be in.'),
  silencedMembers: count(
    0,
    hardLimits.members,
    'clients',
    'Most clients silenced at a time in a conversation.',
  ),
  blockedMembers: count(0, hardLimits.members, 'clients', 'Most clients blocked from a conversation.'),
  refusedConversations: count(
    0,
    10_000,
    'conversations',
    'Most conversations that one client refuses to be added to.',
  ),
  sessionsPerClient: count(
    1,
    1000,
    'sessions',
    'Most open sessions of a client; lowering it closes the latest.',
  ),
  connections: count(
    1,
    10_000_000,
    'sessions',
    'Most open sessions of the whole app; lowering it closes the latest.',
  ),
  commandsPerSecond: count(
    1,
    100_000,
    'commands a second',
    'What a session may send on average; ten times as many at once.',
  ),
  messagesPerMinute: count(
    0,
    1_000_000,
    'messages a minute',
    'What a client may send, over all its sessions; 0: any number.',
  ),
  historyPerMinute: count(
    0,
    1_000_000,
    'calls a minute',
    'How often a client may ask for history, over all its sessions; 0: any number.',
  ),
  operationsPerMinute: count(
    0,
    1_000_000,
    'calls a minute',
    'How often a client may call each other operation, over all its sessions; 0: any number.',
  ),
  restPerSecond: count(
    1,
    100_000,
    'calls a second',
    'What the app’s servers may call on average, over all REST doors; twice as many at once.',
  ),
}) satisfies z.ZodType<Limits>;

/** What an operator may set, by dotted path: `limits.members`, `login.unsigned` … */
export const settableSchema = z.strictObject({
  name: setting(z.string().trim().min(1).max(255), 'The app’s name, for operators.'),
  enabled: onOff('Off: open sessions are closed, logins and REST calls refused. The data stays.'),
  clientsEditThemselves: onOff(
    'Clients may change their own record: name, picture, locale, time zone, custom object.',
  ),
  origins: setting(
    z.array(z.string().min(1).max(255)).max(100),
    'Web origins whose pages may connect, such as `https://chat.example.com`; empty: all.',
  ),
  login,
  conversations,
  messages,
  rooms,
  limits,
});

export type Settable = Pick<App, keyof z.output<typeof settableSchema>>;
