/** Limits per app, with their defaults; an app's own record may lower or raise each. */
export interface Limits {
  /** Bytes of one native frame. */
  readonly frameBytes: number;
  /** Bytes of one message body, UTF-8 or binary. */
  readonly bodyBytes: number;
  readonly members: number;
  readonly mentions: number;
  readonly page: number;
  readonly idsPerCall: number;
  readonly conversationsPerClient: number;
  /** Characters of a conversation's name. */
  readonly nameLength: number;
  /** Bytes of a conversation's attributes as JSON. */
  readonly attributeBytes: number;
  readonly presenceSubscriptions: number;
  readonly roomsPerSession: number;
  readonly silencedMembers: number;
  readonly blockedMembers: number;
  /** Conversations that one client may refuse. */
  readonly refusedConversations: number;
  readonly sessionsPerClient: number;
  /** Open connections of the whole app. */
  readonly connections: number;
  /** Commands per second a session may send on average; the burst is ten times that. */
  readonly commandsPerSecond: number;
  /** Messages, pages of history, and other operations (each kind by itself) that a client may ask for in a minute; 0: any number. */
  readonly messagesPerMinute: number;
  readonly historyPerMinute: number;
  readonly operationsPerMinute: number;
  /** REST calls per second of the whole app; the burst is twice that. */
  readonly restPerSecond: number;
}

export const defaultLimits: Limits = Object.freeze({
  frameBytes: 64 * 1024,
  bodyBytes: 60 * 1024,
  members: 10_000,
  mentions: 50,
  page: 100,
  idsPerCall: 500,
  conversationsPerClient: 10_000,
  nameLength: 255,
  attributeBytes: 16 * 1024,
  presenceSubscriptions: 100,
  roomsPerSession: 10,
  silencedMembers: 500,
  blockedMembers: 10_000,
  refusedConversations: 1000,
  sessionsPerClient: 20,
  connections: 100_000,
  commandsPerSecond: 100,
  messagesPerMinute: 0,
  historyPerMinute: 0,
  operationsPerMinute: 0,
  restPerSecond: 500,
});

/** Preset `leancloud`: what clients of that service were written around. Its limit of other operations is left to apps. */
export const leancloudLimits: Limits = Object.freeze({
  ...defaultLimits,
  bodyBytes: 5 * 1024,
  members: 500,
  roomsPerSession: 1,
  messagesPerMinute: 60,
  historyPerMinute: 120,
});

/** Bounds no app can pass: the schemas of the protocol hold them. */
export const hardLimits = Object.freeze({
  frameBytes: 1024 * 1024,
  members: 100_000,
  idsPerCall: 10_000,
  page: 1000,
  opIdLength: 64,
  typeLength: 32,
  customBytes: 1024,
  extBytes: 2048,
  signalBytes: 1024,
});
