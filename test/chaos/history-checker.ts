/**
 * What clients were promised, what they were shown, and what the logs have, held against each other. Knows nothing of
 * servers: a spec feeds it histories with planted faults.
 *
 * The body of a message begins with its name, `<sender> <number>`, which edits keep.
 */

/** A send whose promise resolved. */
export interface Acknowledged {
  readonly client: string;
  readonly conversation: string;
  readonly seq: number;
  /** `<sender> <number>`; numbers of a sender grow with every send. */
  readonly name: string;
}

/** An edit or a recall whose promise resolved, in the order of one author. */
export interface Change {
  readonly conversation: string;
  readonly kind: 'edit' | 'recall';
  /** The sequence of the message. */
  readonly target: number;
  /** Of an edit. */
  readonly body?: string;
}

export interface Entry {
  readonly seq: number;
  readonly kind: string;
  readonly from?: string;
  /** Of messages, edits and recalls: the content of the message as it is now. */
  readonly body?: string;
  readonly recalled?: boolean;
  /** Of edits and recalls: the sequence of the message. */
  readonly target?: number;
}

/** The entries that one client was given, in the order in which it was given them. */
export interface View {
  readonly client: string;
  readonly conversation: string;
  readonly entries: readonly Entry[];
  /** A room: what was missed while away is not filled, and what follows the last event is not fetched. */
  readonly holesAllowed: boolean;
}

/** All of a conversation's log, when nothing is under way any more. */
export interface Log {
  readonly conversation: string;
  readonly entries: readonly Entry[];
}

export const nameOf = (body: string): string => body.split(' ', 2).join(' ');
const numberOf = (name: string): number => Number(name.split(' ')[1]);

/** A log has the sequences 1 … n. */
export function checkSequences({ conversation, entries }: Log): string[] {
  return entries.flatMap(({ seq }, at) => {
    const before = entries[at - 1]?.seq ?? 0;
    return seq === before + 1 ? [] : [`${conversation}: sequence ${seq} comes after ${before}`];
  });
}

/**
 * Every acknowledged send is in the log exactly once, at the sequence that was acknowledged; nothing else is there; and
 * one sender's messages are in the order in which they were sent.
 */
export function checkSends(acknowledged: readonly Acknowledged[], log: Log): string[] {
  const { conversation } = log;
  const problems: string[] = [];
  const sends = acknowledged.filter((send) => send.conversation === conversation);
  const promised = new Map<number, Acknowledged>();
  for (const send of sends) {
    const other = promised.get(send.seq);
    if (other !== undefined)
      problems.push(`${conversation}: both ${other.name} and ${send.name} were acknowledged as ${send.seq}`);
    promised.set(send.seq, send);
  }
  const seqsOf = new Map<string, number[]>();
  const lastOf = new Map<string, number>();
  for (const { seq, kind, from = '', body = '', recalled } of log.entries) {
    if (kind !== 'message') continue;
    // A recalled message has lost its name; only the promise tells it.
    const name = recalled ? promised.get(seq)?.name : nameOf(body);
    if (name === undefined || !promised.has(seq)) {
      problems.push(`${conversation}: ${seq} (${name ?? 'recalled'}) was acknowledged to nobody`);
      if (name === undefined) continue;
    }
    seqsOf.set(name, [...(seqsOf.get(name) ?? []), seq]);
    const number = numberOf(name);
    const before = lastOf.get(from) ?? 0;
    if (number < before) problems.push(`${conversation}: ${name} came after ${from} ${before}`);
    lastOf.set(from, Math.max(number, before));
  }
  for (const [name, seqs] of seqsOf)
    if (seqs.length > 1)
      problems.push(`${conversation}: ${name} is stored ${seqs.length} times: ${seqs.join(', ')}`);
  for (const { name, seq } of sends) {
    const seqs = seqsOf.get(name);
    if (seqs === undefined) problems.push(`${conversation}: ${name}, acknowledged as ${seq}, is lost`);
    else if (!seqs.includes(seq))
      problems.push(`${conversation}: ${name}, acknowledged as ${seq}, is stored as ${seqs.join(', ')}`);
  }
  return problems;
}

/** Every acknowledged edit and recall is in the log exactly once, and the messages are what they made of them. */
export function checkChanges(changes: readonly Change[], log: Log): string[] {
  const { conversation } = log;
  const problems: string[] = [];
  const key = ({ kind, target }: { kind: string; target?: number }) => `${kind} of ${target}`;
  const made = countBy(changes.filter((change) => change.conversation === conversation).map(key));
  const stored = countBy(log.entries.filter(({ target }) => target !== undefined).map(key));
  for (const what of new Set([...made.keys(), ...stored.keys()])) {
    const [wanted, got] = [made.get(what) ?? 0, stored.get(what) ?? 0];
    if (wanted !== got)
      problems.push(`${conversation}: ${what} was acknowledged ${wanted} times and is stored ${got} times`);
  }
  const last = new Map<number, Change>();
  for (const change of changes) if (change.conversation === conversation) last.set(change.target, change);
  const entryAt = new Map(log.entries.map((entry) => [entry.seq, entry]));
  for (const { kind, target, body } of last.values()) {
    const message = entryAt.get(target);
    const asMade = kind === 'recall' ? message?.recalled && message.body === '' : message?.body === body;
    if (!asMade) problems.push(`${conversation}: message ${target} is not as its last ${kind} made it`);
  }
  return problems;
}

/** What a client was given is ascending, without doubles, without holes up to the end, and comes to what the log has. */
export function checkView(view: View, log: Log): string[] {
  const { client, conversation, entries, holesAllowed } = view;
  const who = `${client} in ${conversation}`;
  const problems: string[] = [];
  const stored = new Map(log.entries.map((entry) => [entry.seq, entry]));
  /** Messages as this client has them now. */
  const shown = new Map<number, Entry>();
  // Whoever created the conversation knows its first entry from the answer.
  let last = entries[0]?.seq === 2 ? 1 : 0;
  for (const entry of entries) {
    const { seq, kind, target } = entry;
    if (seq <= last) problems.push(`${who}: ${seq} after ${last}`);
    else if (!holesAllowed && seq !== last + 1) problems.push(`${who}: a hole between ${last} and ${seq}`);
    last = Math.max(seq, last);
    const same = stored.get(seq);
    if (same?.kind !== kind || same.from !== entry.from || same.target !== target)
      problems.push(`${who}: ${seq} is not what the log has`);
    if (kind === 'message') shown.set(seq, entry);
    else if (target !== undefined && shown.has(target)) shown.set(target, { ...entry, seq: target });
  }
  for (const [seq, { body, recalled = false }] of shown) {
    const now = stored.get(seq);
    if (now?.body !== body || (now?.recalled ?? false) !== recalled)
      problems.push(`${who}: message ${seq} is shown as "${body}", the log has "${now?.body}"`);
  }
  if (!holesAllowed && last !== log.entries.length)
    problems.push(`${who}: saw up to ${last} of ${log.entries.length}`);
  return problems;
}

/** Unread by its definition: messages of others behind the read cursor that were not recalled. */
export const unreadOf = (log: Log, client: string, readSeq: number): number =>
  log.entries.filter(
    ({ kind, seq, from, recalled }) => kind === 'message' && seq > readSeq && from !== client && !recalled,
  ).length;

function countBy(keys: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}
