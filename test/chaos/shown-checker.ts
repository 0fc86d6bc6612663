/** Holds what an app shows of a conversation, message by message, against the conversation's log. */

export interface Shown {
  readonly id: string;
  readonly from: string;
  /** Of the message, ms. */
  readonly time: number;
  /** Absent when recalled. */
  readonly text?: string;
  readonly recalled?: boolean;
}

/** A message as the log has it now. */
export interface Stored {
  readonly id: string;
  readonly from: string;
  readonly text?: string;
  readonly recalled?: boolean;
}

/** None missing, none doubled, in the order of the log, each as it is now. `who` is for the text of the problems. */
export function checkShown(who: string, shown: readonly Shown[], stored: readonly Stored[]): string[] {
  const problems: string[] = [];
  const place = new Map(stored.map(({ id }, at) => [id, at]));
  const seen = new Set<string>();
  let last = -1;
  for (const message of shown) {
    const { id } = message;
    if (seen.has(id)) problems.push(`${who}: ${id} is shown twice`);
    seen.add(id);
    const at = place.get(id);
    if (at === undefined) {
      problems.push(`${who}: ${id} is shown and not stored`);
      continue;
    }
    if (at < last) problems.push(`${who}: ${id} is shown after ${stored[last]!.id}`);
    last = Math.max(at, last);
    const { from, text, recalled = false } = stored[at]!;
    if (message.from !== from) problems.push(`${who}: ${id} is shown as of ${message.from}, not ${from}`);
    if (message.text !== text || (message.recalled ?? false) !== recalled)
      problems.push(`${who}: ${id} is shown as "${message.text}", the log has "${text}"`);
  }
  for (const { id } of stored) if (!seen.has(id)) problems.push(`${who}: ${id} is missing`);
  return problems;
}

/** What {@link checkShown} says of an old content. */
export const isStale = (problem: string): boolean => problem.includes(' is shown as "');

/** Live events bring a message at most once. */
export function checkTold(who: string, told: readonly string[]): string[] {
  const seen = new Set<string>();
  return told.flatMap((id) => {
    if (seen.has(id)) return [`${who}: was told of ${id} twice`];
    seen.add(id);
    return [];
  });
}

/** What an author's last acknowledged change made of a message is what the log has; undefined: recalled. */
export function checkChanged(
  changed: ReadonlyMap<string, string | undefined>,
  stored: readonly Stored[],
): string[] {
  return stored.flatMap(({ id, text, recalled = false }) => {
    if (!changed.has(id)) return [];
    const wanted = changed.get(id);
    return text === wanted && recalled === (wanted === undefined)
      ? []
      : [`${id} is "${text}" in the log, and was made "${wanted}"`];
  });
}
