import { type App, presets } from '@hongyan/apps';
import {
  asAppId,
  asClientId,
  asConversationId,
  asTenantId,
  type Caller,
  type ClientId,
  type Role,
} from '@hongyan/protocol';
import * as may from './permissions.js';
import { ConversationState } from './state.js';
import type { Conversation, StoredKind } from './types.js';

const now = 1_700_000_000_000;
const appOf = (preset: 'native' | 'leancloud', change: Partial<App['conversations']> = {}): App => {
  const base = presets[preset];
  return {
    id: asAppId('a'),
    tenant: asTenantId('t'),
    name: 'A',
    preset,
    enabled: true,
    appKey: { current: 'k' },
    masterKey: { current: 'm' },
    createdAt: 0,
    updatedAt: 0,
    ...base,
    conversations: { ...base.conversations, ...change },
  };
};

type Who = 'owner' | 'manager' | 'manager2' | 'member' | 'member2' | 'outsider';
const roles: Readonly<Partial<Record<Who, Role>>> = {
  owner: 'owner',
  manager: 'manager',
  manager2: 'manager',
  member: 'member',
  member2: 'member',
};
const id = (who: Who): ClientId => asClientId(who);
const as = (who: Who): Caller => ({ app: asAppId('a'), client: id(who), server: false });
const server: Caller = { app: asAppId('a'), server: true };

function stateOf(
  change: Partial<Conversation> = {},
  among: readonly Who[] = Object.keys(roles) as Who[],
  kind: StoredKind = 'ordinary',
): ConversationState {
  return new ConversationState({
    conversation: {
      id: asConversationId('c1'),
      kind,
      attributes: {},
      frozen: false,
      createdAt: 0,
      updatedAt: 0,
      ...change,
    },
    head: { last: 1, lastTime: now, count: 0, lastMessageSeq: 0, lastMessageTime: 0, floor: 0, origin: 0 },
    members: among.map((who, i) => ({
      client: id(who),
      role: roles[who] ?? 'member',
      joinedSeq: 1 + i,
      joinedAt: 0,
      readSeq: 0,
      deliveredSeq: 0,
    })),
    silences: [],
    blocked: [],
  });
}

const answer = (refusal: { error: string } | undefined): string => refusal?.error ?? 'yes';
const sending = { mentionAll: false, joined: false };

/** The table of docs/model.md, section 4: [what, who, native, leancloud]. */
const table: readonly [
  string,
  (app: App, state: ConversationState, caller: Caller) => { error: string } | undefined,
  Partial<Record<Who | 'server', readonly [string, string]>>,
][] = [
  [
    'see it',
    (app, state, caller) => may.maySee(app, state, caller, now),
    {
      member: ['yes', 'yes'],
      outsider: ['member_required', 'yes'],
      server: ['yes', 'yes'],
    },
  ],
  [
    'read messages',
    (app, state, caller) => may.mayReadMessages(app, state, caller, false),
    {
      member: ['yes', 'yes'],
      outsider: ['member_required', 'member_required'],
      server: ['yes', 'yes'],
    },
  ],
  [
    'send',
    (app, state, caller) => may.maySend(app, state, caller, sending, now),
    {
      member: ['yes', 'yes'],
      outsider: ['member_required', 'member_required'],
      server: ['yes', 'yes'],
    },
  ],
  [
    'mention all',
    (app, state, caller) => may.maySend(app, state, caller, { ...sending, mentionAll: true }, now),
    {
      owner: ['yes', 'yes'],
      manager: ['yes', 'yes'],
      member: ['role_required', 'yes'],
      server: ['yes', 'yes'],
    },
  ],
  [
    'join by oneself',
    (app, state, caller) => may.mayJoin(app, state, caller),
    { outsider: ['forbidden', 'yes'] },
  ],
  [
    'add others',
    (_app, state, caller) => may.mayAdd(state, caller),
    {
      member: ['yes', 'yes'],
      outsider: ['member_required', 'member_required'],
      server: ['yes', 'yes'],
    },
  ],
  [
    'remove a member',
    (app, state, caller) => may.mayRemove(app, state, caller, id('member2')),
    {
      owner: ['yes', 'yes'],
      manager: ['yes', 'yes'],
      member: ['role_required', 'role_required'],
      outsider: ['member_required', 'member_required'],
      server: ['yes', 'yes'],
    },
  ],
  [
    'remove a manager',
    (app, state, caller) => may.mayRemove(app, state, caller, id('manager2')),
    {
      owner: ['yes', 'yes'],
      manager: ['role_required', 'role_required'],
      member: ['role_required', 'role_required'],
      server: ['yes', 'yes'],
    },
  ],
  [
    'remove the owner',
    (app, state, caller) => may.mayRemove(app, state, caller, id('owner')),
    {
      manager: ['role_required', 'role_required'],
      server: ['yes', 'yes'],
    },
  ],
  [
    'rename',
    (app, state, caller) => may.mayUpdate(app, state, caller, { frozen: false }),
    {
      owner: ['yes', 'yes'],
      manager: ['yes', 'yes'],
      member: ['role_required', 'yes'],
      outsider: ['member_required', 'member_required'],
      server: ['yes', 'yes'],
    },
  ],
  [
    'freeze',
    (app, state, caller) => may.mayUpdate(app, state, caller, { frozen: true }),
    {
      owner: ['yes', 'yes'],
      manager: ['yes', 'yes'],
      member: ['role_required', 'role_required'],
      server: ['yes', 'yes'],
    },
  ],
  [
    'silence a member',
    (_app, state, caller) => may.mayDiscipline(state, caller, id('member2')),
    {
      owner: ['yes', 'yes'],
      manager: ['yes', 'yes'],
      member: ['role_required', 'role_required'],
      outsider: ['member_required', 'member_required'],
      server: ['yes', 'yes'],
    },
  ],
  [
    'silence a manager',
    (_app, state, caller) => may.mayDiscipline(state, caller, id('manager2')),
    {
      owner: ['yes', 'yes'],
      manager: ['role_required', 'role_required'],
      server: ['yes', 'yes'],
    },
  ],
  [
    "recall another's message",
    (app, state, caller) => may.mayRecall(app, state, caller, { author: id('member2'), time: now }, now),
    {
      owner: ['yes', 'not_author'],
      manager: ['yes', 'not_author'],
      member: ['not_author', 'not_author'],
      outsider: ['member_required', 'member_required'],
      server: ['yes', 'yes'],
    },
  ],
  [
    "recall a manager's message",
    (app, state, caller) => may.mayRecall(app, state, caller, { author: id('manager2'), time: now }, now),
    {
      owner: ['yes', 'not_author'],
      manager: ['not_author', 'not_author'],
      server: ['yes', 'yes'],
    },
  ],
  [
    "edit another's message",
    (app, state, caller) => may.mayEdit(app, state, caller, { author: id('member2'), time: now }, now),
    {
      owner: ['not_author', 'not_author'],
      member: ['not_author', 'not_author'],
      outsider: ['member_required', 'member_required'],
      server: ['yes', 'yes'],
    },
  ],
  [
    'make a manager',
    (_app, state, caller) => may.maySetRole(state, caller, id('member2'), 'manager'),
    {
      owner: ['yes', 'yes'],
      manager: ['role_required', 'role_required'],
      member: ['role_required', 'role_required'],
      server: ['yes', 'yes'],
    },
  ],
  [
    'make a manager a member',
    (_app, state, caller) => may.maySetRole(state, caller, id('manager2'), 'member'),
    {
      owner: ['yes', 'yes'],
      manager: ['role_required', 'role_required'],
      server: ['yes', 'yes'],
    },
  ],
  [
    'hand ownership on',
    (_app, state, caller) => may.maySetRole(state, caller, id('member2'), 'owner'),
    {
      owner: ['yes', 'yes'],
      manager: ['role_required', 'role_required'],
      server: ['yes', 'yes'],
    },
  ],
  [
    'delete',
    (_app, state, caller) => may.mayDelete(state, caller),
    {
      owner: ['yes', 'yes'],
      manager: ['role_required', 'role_required'],
      member: ['role_required', 'role_required'],
      outsider: ['member_required', 'member_required'],
      server: ['yes', 'yes'],
    },
  ],
  [
    'leave',
    (app, state, caller) => may.mayLeave(app, state, caller.client as ClientId),
    {
      owner: ['yes', 'owner_required'],
      member: ['yes', 'yes'],
      outsider: ['member_required', 'member_required'],
    },
  ],
];

const cells = table.flatMap(([what, ask, expected]) =>
  Object.entries(expected).flatMap(([who, [native, leancloud]]) => [
    { what, who: who as Who | 'server', preset: 'native' as const, ask, expected: native },
    { what, who: who as Who | 'server', preset: 'leancloud' as const, ask, expected: leancloud },
  ]),
);

describe('the table of who may do what', () => {
  it.each(cells)('$preset: $who may $what: $expected', ({ who, preset, ask, expected }) => {
    expect(answer(ask(appOf(preset), stateOf(), who === 'server' ? server : as(who)))).toBe(expected);
  });

  it('lets any member remove others in the preset until somebody was given a role', () => {
    const state = stateOf({}, ['owner', 'member', 'member2']);
    expect(answer(may.mayRemove(appOf('leancloud'), state, as('member'), id('owner')))).toBe('yes');
    expect(answer(may.mayLeave(appOf('leancloud'), state, id('owner')))).toBe('yes');
  });
});

describe('silence, freeze and block', () => {
  it('stops a silenced member until the silence ends, and lets nobody else be stopped', () => {
    const state = stateOf();
    state.silences.set(id('member'), now + 1000);
    state.silences.set(id('member2'), undefined);
    const at = (time: number, who: Who) =>
      answer(may.maySend(appOf('native'), state, as(who), sending, time));
    expect([
      at(now, 'member'),
      at(now + 1000, 'member'),
      at(now + 10 ** 9, 'member2'),
      at(now, 'manager'),
    ]).toEqual(['silenced', 'yes', 'silenced', 'yes']);
    expect(answer(may.maySend(appOf('native'), state, server, sending, now))).toBe('yes');
  });

  it('lets only managers send while frozen', () => {
    const state = stateOf({ frozen: true });
    const ask = (who: Who) => answer(may.maySend(appOf('native'), state, as(who), sending, now));
    expect([ask('owner'), ask('manager'), ask('member')]).toEqual(['yes', 'yes', 'frozen']);
  });

  it('keeps a refused client from writing one-to-one, but not the refuser', () => {
    const state = stateOf({}, ['member', 'member2']);
    state.refusing = [id('member2')];
    expect(answer(may.maySend(appOf('native'), state, as('member'), sending, now))).toBe('blocked');
    expect(answer(may.maySend(appOf('native'), state, as('member2'), sending, now))).toBe('yes');
  });

  it('lets a silenced author take a message back, but not change it', () => {
    const state = stateOf();
    state.silences.set(id('member'), undefined);
    const message = { author: id('member'), time: now };
    expect(answer(may.mayRecall(appOf('native'), state, as('member'), message, now))).toBe('yes');
    expect(answer(may.mayEdit(appOf('native'), state, as('member'), message, now))).toBe('silenced');
  });

  it('closes the windows of editing and recalling', () => {
    const app: App = {
      ...appOf('native'),
      messages: { ...presets.native.messages, editWindow: 60, recallWindow: 120 },
    };
    const message = { author: id('member'), time: now };
    const edit = (after: number) => answer(may.mayEdit(app, stateOf(), as('member'), message, now + after));
    const recall = (after: number) =>
      answer(may.mayRecall(app, stateOf(), as('member'), message, now + after));
    expect([edit(60_000), edit(60_001), recall(120_000), recall(120_001)]).toEqual([
      'yes',
      'edit_disabled',
      'yes',
      'recall_disabled',
    ]);
  });
});

describe('rooms', () => {
  const room = (): ConversationState => stateOf({}, ['owner'], 'room');
  const send = (preset: 'native' | 'leancloud', state: ConversationState, joined: boolean) =>
    answer(may.maySend(appOf(preset), state, as('outsider'), { mentionAll: false, joined }, now));

  it('want a join to send and to read, but for the preset', () => {
    expect([
      send('native', room(), false),
      send('native', room(), true),
      send('leancloud', room(), false),
    ]).toEqual(['join_required', 'yes', 'yes']);
    expect(answer(may.mayReadMessages(appOf('native'), room(), as('outsider'), false))).toBe('join_required');
    expect(answer(may.mayReadMessages(appOf('leancloud'), room(), as('outsider'), false))).toBe('yes');
  });

  it('keep the blocked out', () => {
    const state = room();
    state.blocked.add(id('outsider'));
    expect(send('leancloud', state, true)).toBe('blocked');
    expect(answer(may.maySignal(appOf('native'), state, as('outsider'), true))).toBe('blocked');
  });
});

it('answers a deleted conversation like one that never was, and says when one has expired', () => {
  expect(answer(may.maySee(appOf('native'), stateOf({ deletedAt: now }), as('owner'), now))).toBe(
    'not_found',
  );
  expect(answer(may.maySee(appOf('native'), stateOf({ expiresAt: now }), as('owner'), now))).toBe('expired');
});

it('passes ownership to the eldest manager, else the eldest member', () => {
  expect(stateOf().successor(new Set([id('owner')]))).toBe('manager');
  expect(stateOf().successor(new Set([id('owner'), id('manager'), id('manager2')]))).toBe('member');
  expect(stateOf({}, ['owner']).successor(new Set([id('owner')]))).toBeUndefined();
});
