import { checkChanged, checkShown, checkTold, type Shown, type Stored } from './shown-checker.js';

const stored: readonly Stored[] = [
  { id: '1', from: 'ann', text: 'one' },
  { id: '2', from: 'bob', recalled: true },
  { id: '3', from: 'ann', text: 'three' },
];
const sound: readonly Shown[] = stored.map((message, at) => ({ ...message, time: at }));
const [one, two, three] = sound as [Shown, Shown, Shown];

it('a sound view has no problems', () => {
  expect(checkShown('cleo', sound, stored)).toEqual([]);
  expect(checkTold('cleo', ['1', '2'])).toEqual([]);
  const changed = new Map([['1', 'one'], ['2', undefined]]); // prettier-ignore
  expect(checkChanged(changed, stored)).toEqual([]);
});

it.each([
  ['one is missing', [one, three], '2 is missing'],
  ['one is doubled', [one, two, two, three], '2 is shown twice'],
  ['two are reordered', [two, one, three], '1 is shown after 2'],
  ['one is not stored', [...sound, { ...one, id: '4' }], '4 is shown and not stored'],
  ['an edit was missed', [{ ...one, text: 'old' }, two, three], '1 is shown as "old"'],
  ['a recall was missed', [one, { ...two, text: 'two', recalled: false }, three], '2 is shown as "two"'],
  ['one is of another', [{ ...one, from: 'eve' }, two, three], '1 is shown as of eve'],
])('fails when %s', (_, shown, problem) => {
  expect(checkShown('cleo', shown, stored).join('\n')).toContain(problem);
});

it('fails when a change is lost or an event comes twice', () => {
  expect(checkChanged(new Map([['1', 'better']]), stored)).toHaveLength(1);
  expect(checkChanged(new Map([['3', undefined]]), stored)).toHaveLength(1);
  expect(checkTold('cleo', ['1', '2', '1'])).toEqual(['cleo: was told of 1 twice']);
});
