import { defaultLimits, leancloudLimits } from '@hongyan/protocol';
import type { App } from './types.js';

/** What a new app starts from; each value can be set per app afterwards. docs/model.md has the table. */
export type Preset = Pick<
  App,
  'login' | 'conversations' | 'messages' | 'rooms' | 'limits' | 'clientsEditThemselves' | 'origins'
>;

export type PresetName = App['preset'];

const native: Preset = {
  login: {
    unsigned: false,
    jwtAlgorithm: 'HS256',
    signedOperations: false,
    jwtMaxAge: 86_400,
    sessionTtl: 7 * 86_400,
  },
  conversations: {
    openQueries: false,
    join: 'invite',
    removeOthers: 'higher-role',
    update: 'manager',
    mentionAll: 'manager',
    recallOthers: 'higher-role',
    ownerLeaves: 'pass-on',
    historyForNewMembers: 'all',
    uniqueAfterLeave: 're-add',
    mutesShown: false,
  },
  messages: {
    edit: true,
    recall: true,
    editWindow: 0,
    recallWindow: 0,
    receipts: true,
    typing: true,
    presence: true,
    retentionDays: 0,
  },
  rooms: { sendWithoutJoin: false, rejoinWindow: 60, creatorJoins: false, historyOpen: false },
  limits: defaultLimits,
  clientsEditThemselves: true,
  origins: [],
};

/** What clients written for that service expect. */
const leancloud: Preset = {
  login: { ...native.login, unsigned: true },
  conversations: {
    openQueries: true,
    join: 'open',
    removeOthers: 'any-member',
    update: 'member',
    mentionAll: 'member',
    recallOthers: 'server',
    ownerLeaves: 'refuse-with-roles',
    historyForNewMembers: 'all',
    uniqueAfterLeave: 'detach',
    mutesShown: true,
  },
  messages: native.messages,
  rooms: { sendWithoutJoin: true, rejoinWindow: 30 * 60, creatorJoins: true, historyOpen: true },
  limits: leancloudLimits,
  clientsEditThemselves: true,
  origins: [],
};

export const presets: Readonly<Record<PresetName, Preset>> = Object.freeze({ native, leancloud });
