import {
  type Acknowledged,
  type Change,
  checkChanges,
  checkSends,
  checkSequences,
  checkView,
  type Entry,
  type Log,
  unreadOf,
} from './history-checker.js';

/** A checker that cannot fail proves nothing: a sound history, and each fault planted in it. */

const message = (seq: number, from: string, number: number, more = ''): Entry => ({
  seq,
  kind: 'message',
  from,
  body: `${from} ${number}${more}`,
});
const change = (seq: number, kind: 'edit' | 'recall', target: Entry): Entry => ({
  ...target,
  seq,
  kind,
  target: target.seq,
});

const edited = message(2, 'ann', 1, ' better');
const recalled: Entry = { seq: 4, kind: 'message', from: 'bob', body: '', recalled: true };
const entries: readonly Entry[] = [
  { seq: 1, kind: 'created' },
  edited,
  message(3, 'bob', 1),
  recalled,
  change(5, 'edit', edited),
  change(6, 'recall', recalled),
  message(7, 'ann', 2),
  message(8, 'bob', 3),
];
const log: Log = { conversation: 'c', entries };
const sound: readonly Acknowledged[] = [
  ['ann', 1, 2],
  ['bob', 1, 3],
  ['bob', 2, 4],
  ['ann', 2, 7],
  ['bob', 3, 8],
].map(([client, number, seq]) => ({
  client: client as string,
  conversation: 'c',
  seq: seq as number,
  name: `${client} ${number}`,
}));
const changes: readonly Change[] = [
  { conversation: 'c', kind: 'edit', target: 2, body: 'ann 1 better' },
  { conversation: 'c', kind: 'recall', target: 4 },
];
const logOf = (...changed: Entry[]): Log => ({ conversation: 'c', entries: changed });
const without = (seq: number) =>
  logOf(...entries.filter((entry) => entry.seq !== seq).map((entry, at) => ({ ...entry, seq: at + 1 })));
/** The log with other content at one sequence. */
const withAt = (seq: number, more: Partial<Entry>) =>
  logOf(...entries.map((entry) => (entry.seq === seq ? { ...entry, ...more } : entry)));

describe('a sound history', () => {
  it('has no problems', () => {
    expect(checkSequences(log)).toEqual([]);
    expect(checkSends(sound, log)).toEqual([]);
    expect(checkChanges(changes, log)).toEqual([]);
  });
});

describe('sends', () => {
  it.each([
    ['the last is lost', sound, logOf(...entries.slice(0, -1)), 'bob 3, acknowledged as 8, is lost'],
    ['one in the middle is lost', sound, without(7), 'ann 2, acknowledged as 7, is lost'],
    ['one is doubled', sound, logOf(...entries, message(9, 'ann', 2)), 'ann 2 is stored 2 times: 7, 9'],
    [
      'a recalled one is doubled',
      sound,
      logOf(...entries, { ...recalled, seq: 9 }),
      '9 (recalled) was acknowledged to nobody',
    ],
    [
      'two are reordered',
      sound.map((send) => ({
        ...send,
        seq: send.name === 'bob 1' ? 8 : send.name === 'bob 3' ? 3 : send.seq,
      })),
      logOf(...entries.slice(0, 2), message(3, 'bob', 3), ...entries.slice(3, 7), message(8, 'bob', 1)),
      'bob 1 came after bob 3',
    ],
    [
      'one is elsewhere than acknowledged',
      sound.map((send) => (send.name === 'ann 2' ? { ...send, seq: 9 } : send)),
      log,
      'ann 2, acknowledged as 9, is stored as 7',
    ],
    [
      'two have one sequence',
      sound.map((send) => (send.name === 'ann 2' ? { ...send, seq: 8 } : send)),
      log,
      'both ann 2 and bob 3 were acknowledged as 8',
    ],
    ['one is from nobody', sound, logOf(...entries, message(9, 'ann', 3)), 'acknowledged to nobody'],
  ])('%s', (_, acknowledged, given, problem) => {
    expect(checkSends(acknowledged, given).join('\n')).toContain(problem);
  });

  it('leave no hole in the sequences', () => {
    expect(checkSequences(logOf(entries[0]!, entries[2]!))).toEqual(['c: sequence 3 comes after 1']);
    expect(checkSequences(logOf(entries[0]!, entries[0]!))).toEqual(['c: sequence 1 comes after 1']);
  });
});

describe('changes', () => {
  it.each([
    [
      'an edit is lost',
      withAt(5, { kind: 'updated', target: undefined }),
      'edit of 2 was acknowledged 1 times and is stored 0',
    ],
    [
      'an edit is doubled',
      logOf(...entries, change(9, 'edit', edited)),
      'edit of 2 was acknowledged 1 times and is stored 2',
    ],
    ['an edit has no effect', withAt(2, { body: 'ann 1' }), 'message 2 is not as its last edit made it'],
    [
      'a recall leaves the content',
      withAt(4, { body: 'bob 2' }),
      'message 4 is not as its last recall made it',
    ],
  ])('%s', (_, given, problem) => {
    expect(checkChanges(changes, given).join('\n')).toContain(problem);
  });
});

describe('a view', () => {
  const view = (seen: readonly Entry[], holesAllowed = false) =>
    checkView({ client: 'ann', conversation: 'c', entries: seen, holesAllowed }, log).join('\n');

  it('may have been live: with the content of then', () => {
    expect(
      view([
        entries[0]!,
        message(2, 'ann', 1),
        ...entries.slice(2, 3),
        message(4, 'bob', 2),
        ...entries.slice(4),
      ]),
    ).toBe('');
    expect(view(entries.slice(1))).toBe('');
    expect(view([entries[1]!, entries[7]!], true)).toBe('');
  });

  it.each([
    ['it has a hole', [...entries.slice(0, 2), ...entries.slice(3)], 'a hole between 2 and 4'],
    ['it began late', entries.slice(2), 'a hole between 0 and 3'],
    ['it has a double', [...entries.slice(0, 3), ...entries.slice(2)], '3 after 3'],
    ['it is out of order', [entries[0]!, entries[2]!, entries[1]!, ...entries.slice(3)], '2 after 3'],
    ['it ends early', entries.slice(0, -1), 'saw up to 7 of 8'],
    ['it is empty', [], 'saw up to 0 of 8'],
    ['it has another sender', withAt(3, { from: 'eve' }).entries, '3 is not what the log has'],
    ['it missed an edit', withAt(5, { body: 'ann 1' }).entries, 'message 2 is shown as "ann 1"'],
    [
      'it shows what was recalled',
      withAt(6, { body: 'bob 2', recalled: false }).entries,
      'message 4 is shown as "bob 2"',
    ],
  ])('fails when %s', (_, seen, problem) => {
    expect(view(seen)).toContain(problem);
  });

  it('of a room may have holes, not doubles', () => {
    expect(view([entries[1]!, entries[1]!], true)).toContain('2 after 2');
  });
});

it('unread leaves out own, read and recalled messages', () => {
  expect([0, 3, 7, 8].map((read) => unreadOf(log, 'ann', read))).toEqual([2, 1, 1, 0]);
  expect([0, 2, 7].map((read) => unreadOf(log, 'bob', read))).toEqual([2, 1, 0]);
});
