/** Numbers of commands. */
export const CommandType = Object.freeze({
  session: 0,
  conv: 1,
  direct: 2,
  ack: 3,
  rcp: 4,
  unread: 5,
  logs: 6,
  error: 7,
  login: 8,
  data: 9,
  room: 10,
  read: 11,
  presence: 12,
  report: 13,
  echo: 14,
  loggedin: 15,
  logout: 16,
  loggedout: 17,
  patch: 18,
  pubsub: 19,
  blacklist: 20,
  goaway: 21,
} as const);

/** Numbers of operations. */
export const OpType = Object.freeze({
  open: 1,
  add: 2,
  remove: 3,
  close: 4,
  opened: 5,
  closed: 6,
  query: 7,
  query_result: 8,
  conflict: 9,
  added: 10,
  removed: 11,
  refresh: 12,
  refreshed: 13,
  start: 30,
  started: 31,
  joined: 32,
  members_joined: 33,
  left: 39,
  members_left: 40,
  results: 42,
  count: 43,
  result: 44,
  update: 45,
  updated: 46,
  mute: 47,
  unmute: 48,
  status: 49,
  members: 50,
  max_read: 51,
  is_member: 52,
  member_info_update: 53,
  member_info_updated: 54,
  member_info_changed: 55,
  expire: 56,
  join: 80,
  invite: 81,
  leave: 82,
  kick: 83,
  reject: 84,
  invited: 85,
  kicked: 86,
  upload: 100,
  uploaded: 101,
  subscribe: 120,
  subscribed: 121,
  unsubscribe: 122,
  unsubscribed: 123,
  is_subscribed: 124,
  modify: 150,
  modified: 151,
  block: 170,
  unblock: 171,
  blocked: 172,
  unblocked: 173,
  members_blocked: 174,
  members_unblocked: 175,
  check_block: 176,
  check_result: 177,
  add_shutup: 180,
  remove_shutup: 181,
  query_shutup: 182,
  shutup_added: 183,
  shutup_removed: 184,
  shutup_result: 185,
  shutuped: 186,
  unshutuped: 187,
  members_shutuped: 188,
  members_unshutuped: 189,
  check_shutup: 190,
} as const);

/** Which way a history query walks. */
export const QueryDirection = Object.freeze({ OLD: 1, NEW: 2 } as const);

/** Which kind of conversation a message or an unread count is about. */
export const ConvType = Object.freeze({ normal: 1, room: 2, system: 3, temporary: 4 } as const);

/** `GenericCommand.service`. Clients drop pushes that do not say theirs. */
export const Service = Object.freeze({ push: 0, liveQuery: 1, im: 2 } as const);

const nameIn = (table: Readonly<Record<string, number>>) => {
  const names = new Map(Object.entries(table).map(([name, number]) => [number, name]));
  return (number: number | undefined): string | undefined =>
    number === undefined ? undefined : names.get(number);
};

/** For logs and errors; undefined for numbers that nobody knows. */
export const commandName = nameIn(CommandType);
export const opName = nameIn(OpType);
