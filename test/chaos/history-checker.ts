/** What one client acknowledged, saw and counts of a conversation, and what the server has: judged together. */

export interface Acknowledged {
  readonly client: string;
  readonly conversation: string;
  readonly seq: number;
  readonly body: string;
}

export interface Entry {
  readonly seq: number;
  readonly kind: string;
  /** Of messages. */
  readonly from?: string;
  readonly body?: string;
}

/** The entries that one client was given, in the order in which it was given them. */
export interface View {
  readonly client: string;
  readonly conversation: string;
  readonly entries: readonly Entry[];
  /** A room: what was missed while away is not filled. */
  readonly holesAllowed: boolean;
}

export interface Log {
  readonly conversation: string;
  readonly entries: readonly Entry[];
}

/** Every acknowledged send is in its log exactly once, at the sequence that was acknowledged. */
export function checkAcknowledged(acknowledged: readonly Acknowledged[], logs: readonly Log[]): string[] {
  const problems: string[] = [];
  const byBody = new Map<string, Entry[]>();
  for (const { conversation, entries } of logs) {
    for (const entry of entries) {
      if (entry.kind !== 'message') continue;
      const key = `${conversation}\n${entry.from}\n${entry.body}`;
      byBody.set(key, [...(byBody.get(key) ?? []), entry]);
    }
  }
  for (const [key, entries] of byBody) {
    if (entries.length > 1) problems.push(`stored ${entries.length} times: ${key.replaceAll('\n', ' ')}`);
  }
  for (const { client, conversation, seq, body } of acknowledged) {
    const [stored] = byBody.get(`${conversation}\n${client}\n${body}`) ?? [];
    if (stored === undefined) problems.push(`lost: ${client} in ${conversation}: ${body}`);
    else if (stored.seq !== seq) problems.push(`acknowledged as ${seq}, stored as ${stored.seq}: ${body}`);
  }
  return problems;
}

/** A log has the sequences 1 … n, and one sender's messages in the order in which they were sent. */
export function checkLog({ conversation, entries }: Log, numberOf: (body: string) => number): string[] {
  const problems: string[] = [];
  const lastOf = new Map<string, number>();
  entries.forEach(({ seq, kind, from = '', body = '' }, at) => {
    if (seq !== at + 1) problems.push(`${conversation}: entry ${at + 1} has sequence ${seq}`);
    if (kind !== 'message') return;
    const number = numberOf(body);
    const before = lastOf.get(from) ?? 0;
    if (number <= before) problems.push(`${conversation}: ${from}'s message ${number} came after ${before}`);
    lastOf.set(from, number);
  });
  return problems;
}

/** What a client saw is ascending, without doubles, without holes, and equal to the log. */
export function checkView(view: View, log: Log): string[] {
  const { client, conversation, entries, holesAllowed } = view;
  const problems: string[] = [];
  const stored = new Map(log.entries.map((entry) => [entry.seq, entry]));
  let last = 0;
  for (const entry of entries) {
    const { seq } = entry;
    if (seq <= last) problems.push(`${client} in ${conversation}: ${seq} after ${last}`);
    if (!holesAllowed && last !== 0 && seq !== last + 1)
      problems.push(`${client} in ${conversation}: a hole between ${last} and ${seq}`);
    last = Math.max(seq, last);
    const same = stored.get(seq);
    if (
      same === undefined ||
      same.body !== entry.body ||
      same.from !== entry.from ||
      same.kind !== entry.kind
    )
      problems.push(`${client} in ${conversation}: ${seq} is not what the log has`);
  }
  if (!holesAllowed && entries.length > 0 && last !== log.entries.length)
    problems.push(`${client} in ${conversation}: saw up to ${last} of ${log.entries.length}`);
  return problems;
}

/** Unread by its definition: messages of others behind the read cursor. */
export const unreadOf = (log: Log, client: string, readSeq: number): number =>
  log.entries.filter(({ kind, seq, from }) => kind === 'message' && seq > readSeq && from !== client).length;
