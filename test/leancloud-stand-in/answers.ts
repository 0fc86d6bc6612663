import { classTable, behind, matches } from './class-table.js';
import type { GeneratedApp, Row } from './generated-app.js';

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const ok = (body: unknown): Answer => ({ status: 200, body });
const refuse = (status: number, code: number, error: string): Answer => ({ status, body: { code, error } });
const number = (query: URLSearchParams, name: string, otherwise: number, max: number): number =>
  Math.min(max, Number(query.get(name) ?? otherwise));

const CURSOR_MS = 10 * 60_000;

export interface StandInOptions {
  /** Age after which a scan's cursor is refused. */
  readonly cursorMs?: number;
  /** Lists of silenced and blocked are off, as in many apps. */
  readonly listsOff?: boolean;
  /** Rows of a class that a page of a scan looks at: it may be short or empty then, and lead on. */
  readonly mostScanned?: number;
  /** Classes that are too large to be counted. */
  readonly uncounted?: readonly string[];
  /** Classes that may not be scanned. */
  readonly closedClasses?: readonly string[];
}

/** What LeanCloud answers, from a path and a query, once it knows who asks. */
export class Answers {
  readonly extra = new Map<string, Row[]>();
  private readonly cursors = new Map<
    string,
    { className: string; where: string; after: string; made: number }
  >();
  private nextCursor = 1;

  constructor(
    private readonly app: GeneratedApp,
    private readonly options: StandInOptions,
  ) {}

  to(path: string, query: URLSearchParams): Answer {
    const [version, first, second, third, list, client, rest] = path
      .split('/')
      .slice(1)
      .map(decodeURIComponent);
    if (version === '1.1' && first === 'scan' && third !== undefined) return this.scan(third, query);
    if (version === '1.1' && first === 'classes' && second !== undefined) return this.find(second, query);
    if (version !== '1.2' || first !== 'rtm') return refuse(404, 1, 'Not found');
    if (second === 'messages') return ok(this.history(query));
    if (second === 'broadcasts') return this.broadcasts(query);
    if (second === 'clients' && list === 'unread-count' && third !== undefined)
      return ok({ count: this.app.unread(third, query.get('conv_id') ?? undefined) });
    if (third === undefined) return refuse(404, 1, 'Not found');
    return this.ofConversation(second!, third, { list, client, rest }, query);
  }

  private ofConversation(
    kind: string,
    conversation: string,
    { list, client, rest }: { list?: string; client?: string; rest?: string },
    query: URLSearchParams,
  ): Answer {
    const at = this.app.conversationAt(conversation);
    if (at === -1) return refuse(404, 4303, 'CONVERSATION_NOT_FOUND');
    const isService = at < this.app.services;
    if ((kind === 'service-conversations') !== isService)
      return refuse(400, 4313, 'SYSTEM_CONVERSATION_REQUIRED');
    switch (list) {
      case 'messages':
        return ok(this.conversationHistory(at, query));
      case 'permanent-silenceds':
      case 'blacklists': {
        if (this.options.listsOff) return refuse(403, 4544, 'BLACKLIST_FEATURE_DISABLED');
        const all = list === 'blacklists' ? this.app.blocked(at) : this.app.silenced(at);
        const from = Number(query.get('next') ?? 0);
        const to = from + number(query, 'limit', 10, 10);
        return ok({ client_ids: all.slice(from, to), ...(to < all.length ? { next: String(to) } : {}) });
      }
      case 'member-infos': {
        const all = Array.from({ length: this.app.memberInfos }, (_, info) => this.app.memberInfo(info));
        const own = all
          .filter(({ cid }) => cid === conversation)
          .map(({ clientId, objectId, role }) => ({ clientId, objectId, role }));
        const skip = Number(query.get('skip') ?? 0);
        return ok({ results: own.slice(skip, skip + number(query, 'limit', 10, 100)) });
      }
      case 'subscribers':
        if (client === 'count') return ok({ count: this.app.subscribers(at).length });
        if (client !== undefined && rest === 'messages') return ok(page(this.app.thread(at, client), query));
        return ok(this.subscribers(at, query));
      default:
        return refuse(404, 1, 'Not found');
    }
  }

  private subscribers(at: number, query: URLSearchParams): Row[] {
    const after = query.get('client_id') ?? '';
    return this.app
      .subscribers(at)
      .filter((client) => client > after)
      .slice(0, number(query, 'limit', 50, 50))
      .map((subscriber) => ({
        timestamp: this.app.timeOf(0),
        subscriber,
        conv_id: this.app.conversationId(at),
      }));
  }

  private broadcasts(query: URLSearchParams): Answer {
    const at = this.app.conversationAt(query.get('conv_id') ?? '');
    if (at === -1 || at >= this.app.services) return refuse(400, 4313, 'SYSTEM_CONVERSATION_REQUIRED');
    const all = [0, 1, 2].map((broadcast) => ({
      'msg-id': `b${at}-${broadcast}`,
      timestamp: this.app.timeOf(broadcast),
      data: `"to all ${broadcast}"`,
      'valid-till': Date.UTC(2026, 11, 24),
    }));
    const skip = Number(query.get('skip') ?? 0);
    return ok(all.slice(skip, skip + number(query, 'limit', 100, 1_000)));
  }

  private history(query: URLSearchParams): Row[] {
    return pageOf(
      (at) => this.app.message(at),
      this.app.messages,
      (time, id) => this.app.countBefore(time, id),
      query,
    );
  }

  /** The messages of a conversation are every n-th, and what arrived since. */
  private conversationHistory(at: number, query: URLSearchParams): Row[] {
    const { messages, conversations } = this.app.size;
    const own: Row[] = [];
    for (let message = at; message < messages; message += conversations) {
      const row = this.app.message(message);
      if (row !== undefined) own.push(row);
    }
    const id = this.app.conversationId(at);
    return page([...own, ...this.app.arrivals.filter(({ to }) => to === id)], query);
  }

  private find(className: string, query: URLSearchParams): Answer {
    const table = classTable(this.app, className, this.extra);
    if (table === undefined) return refuse(404, 101, `Class or object doesn't exists.`);
    if (this.options.closedClasses?.includes(className))
      return refuse(403, 403, 'Forbidden by class permissions.');
    const counted = query.get('count') === '1';
    if (counted && this.options.uncounted?.includes(className)) return refuse(400, 4300, 'Too large.');
    const where = JSON.parse(query.get('where') ?? '{}') as Record<string, string>;
    const limit = number(query, 'limit', 100, 1_000);
    const results: Row[] = [];
    let count = 0;
    for (let at = 0; at < table.length; at += 1) {
      if (Object.keys(where).length > 0 && !matches(table.row(at), where)) continue;
      count += 1;
      if (results.length < limit) results.push(table.row(at));
    }
    return ok({ results, ...(counted ? { count } : {}) });
  }

  private scan(className: string, query: URLSearchParams): Answer {
    const table = classTable(this.app, className, this.extra);
    if (table === undefined) return refuse(404, 101, `Class or object doesn't exists.`);
    if (this.options.closedClasses?.includes(className))
      return refuse(403, 403, 'Forbidden by class permissions.');
    const given = query.get('cursor');
    const where = query.get('where') ?? '{}';
    const stored = given === null ? undefined : this.cursors.get(given);
    const { cursorMs = CURSOR_MS } = this.options;
    if (given !== null && (stored === undefined || Date.now() - stored.made >= cursorMs))
      return refuse(400, 1, 'The cursor is invalid or expired.');
    const condition = JSON.parse(stored?.where ?? where) as Record<string, Row>;
    const from = stored?.after ?? (condition['objectId']?.['$gt'] as string | undefined) ?? '';
    const limit = number(query, 'limit', 100, 1_000);
    const results: Row[] = [];
    const first = behind(table, from);
    const end = Math.min(table.length, first + (this.options.mostScanned ?? Infinity));
    let at = first;
    for (; at < end && results.length < limit; at += 1)
      if (matches(table.row(at), condition)) results.push(table.row(at));
    if (at === table.length && results.length < limit) return ok({ results });
    const cursor = `c${this.nextCursor++}`;
    if (given !== null) this.cursors.delete(given);
    const after = table.row(at - 1)['objectId'] as string;
    this.cursors.set(cursor, { className, where: stored?.where ?? where, after, made: Date.now() });
    return ok({ results, cursor });
  }
}

const LAST_ID = '\uffff';

/** A page of rows that are in order, oldest first, by number: newest first unless reversed, without the bounds themselves. */
function pageOf(
  row: (at: number) => Row | undefined,
  length: number,
  countBefore: (timestamp: number, msgId: string) => number,
  query: URLSearchParams,
): Row[] {
  const limit = number(query, 'limit', 100, 1_000);
  const timestamp = query.get('timestamp');
  const msgId = query.get('msgid');
  const rows: Row[] = [];
  if (query.get('reversed') === 'true') {
    for (
      let at = timestamp === null ? 0 : countBefore(Number(timestamp), LAST_ID);
      at < length && rows.length < limit;
      at += 1
    ) {
      const found = row(at);
      if (found !== undefined) rows.push(found);
    }
    return rows;
  }
  const till = Number(query.get('till_timestamp') ?? 0);
  let at = timestamp === null ? length : countBefore(Number(timestamp), msgId ?? LAST_ID);
  for (at -= 1; at >= 0 && rows.length < limit; at -= 1) {
    const found = row(at);
    if (found === undefined) continue;
    if ((found['timestamp'] as number) < till) break;
    rows.push(found);
  }
  return rows;
}

function page(rows: readonly Row[], query: URLSearchParams): Row[] {
  const before = (timestamp: number, msgId: string) =>
    rows.filter((row) => {
      const time = row['timestamp'] as number;
      return time < timestamp || (time === timestamp && (row['msg-id'] as string) < msgId);
    }).length;
  return pageOf((at) => rows[at], rows.length, before, query);
}
