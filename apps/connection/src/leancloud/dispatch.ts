import { CommandType, OpType, type Context, type GenericCommand } from '@hongyan/leancloud';
import { history, messages } from '../client-rates.js';
import { acknowledge, read } from './acknowledgements.js';
import type { Handler } from './calls.js';
import { countMembers, isMember, listMembers, maxRead, setMute, setRole } from './conversation-facts.js';
import { addMembers, removeMembers } from './conversation-members.js';
import { queryConversations } from './conversation-query.js';
import { startConversation } from './conversation-start.js';
import { updateConversation } from './conversation-update.js';
import { sendMessage } from './direct-messages.js';
import {
  changeBlock,
  changeSilence,
  checkBlocked,
  checkSilenced,
  queryBlocked,
  querySilenced,
} from './discipline.js';
import { queryHistory } from './history.js';
import { modifyMessages } from './patches.js';
import { logOut, queryOnline, refreshToken } from './session-commands.js';

/** What carries out a command, and in which words it is refused. */
export interface Route {
  readonly handler: Handler;
  readonly context: Context;
}

const to = (context: Context, handler: Handler): Route => ({ context, handler });
const nothing: Handler = () => Promise.resolve(undefined);

/** Commands whose operation says nothing. */
const byCommand: Readonly<Record<number, Route>> = {
  [CommandType.direct]: to('send', sendMessage),
  [CommandType.ack]: to('conv', acknowledge),
  [CommandType.read]: to('conv', read),
  [CommandType.logs]: to('logs', queryHistory),
};

const byOperation: Readonly<Record<number, Readonly<Record<number, Route>>>> = {
  [CommandType.session]: {
    [OpType.refresh]: to('session', refreshToken),
    [OpType.query]: to('session', queryOnline),
    [OpType.close]: to('session', logOut),
  },
  [CommandType.conv]: {
    [OpType.start]: to('conv', startConversation),
    [OpType.query]: to('query', queryConversations),
    [OpType.update]: to('update', updateConversation),
    [OpType.add]: to('conv', addMembers),
    [OpType.remove]: to('conv', removeMembers),
    [OpType.mute]: to('conv', setMute(true)),
    [OpType.unmute]: to('conv', setMute(false)),
    [OpType.count]: to('conv', countMembers),
    [OpType.members]: to('conv', listMembers),
    [OpType.is_member]: to('conv', isMember),
    [OpType.max_read]: to('conv', maxRead),
    [OpType.member_info_update]: to('conv', setRole),
    [OpType.add_shutup]: to('silence', changeSilence('silence')),
    [OpType.remove_shutup]: to('silence', changeSilence('unsilence')),
    [OpType.query_shutup]: to('silence', querySilenced),
    [OpType.check_shutup]: to('silence', checkSilenced),
  },
  [CommandType.blacklist]: {
    [OpType.block]: to('block', changeBlock('block')),
    [OpType.unblock]: to('block', changeBlock('unblock')),
    [OpType.query]: to('block', queryBlocked),
    [OpType.check_block]: to('block', checkBlocked),
  },
  [CommandType.patch]: {
    [OpType.modify]: to('patch', modifyMessages),
    // An acknowledgement of our push, which older clients send.
    [OpType.modified]: to('patch', nothing),
  },
};

/** Undefined: nobody knows this command. */
export const routeOf = ({ cmd, op }: GenericCommand): Route | undefined =>
  byCommand[cmd ?? -1] ?? byOperation[cmd ?? -1]?.[op ?? -1];

/** What the client's rates count a command as; undefined: what no client chooses to do is not counted. */
export function countedAs({ cmd, op }: GenericCommand): string | undefined {
  switch (cmd) {
    case CommandType.direct:
      return messages;
    case CommandType.logs:
      return history;
    case CommandType.ack:
    case CommandType.read:
      return undefined;
    case CommandType.session:
      return op === OpType.query ? 'session/query' : undefined;
    default:
      return op === OpType.modified ? undefined : `${cmd}/${op}`;
  }
}

/** The words in which an unknown command is refused. */
export function contextOf({ cmd }: GenericCommand): Context {
  if (cmd === CommandType.conv) return 'conv';
  if (cmd === CommandType.direct) return 'send';
  if (cmd === CommandType.blacklist) return 'block';
  if (cmd === CommandType.patch) return 'patch';
  if (cmd === CommandType.logs) return 'logs';
  return 'session';
}
