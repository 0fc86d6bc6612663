import { CommandType, QueryDirection } from '@hongyan/leancloud';
import { sampleApp } from '../fixtures.contract.js';
import { type LeanCloudRig, logIn, type RawFrames, startLeanCloudRig } from './raw-frames.contract.js';

/** The domain's pages of long messages are short; a page of this protocol that is not full is the last one. */

interface Query {
  readonly direction: 'forward' | 'backward';
  readonly before?: { readonly message: string };
  readonly after?: { readonly message: string };
  readonly limit: number;
}

const perPage = 3;
const stored = Array.from({ length: 8 }, (_, at) => ({
  ...{ id: `id-${at}`, conversation: 'c1', seq: at + 1, time: 1_000 + at, from: 'bob' },
  ...{ format: 'text', body: String(at) },
}));
let rig: LeanCloudRig;
let ann: RawFrames;
beforeEach(async () => {
  rig = await startLeanCloudRig([sampleApp('red')]);
  ann = await logIn(rig, 'ann');
  rig.commands.answer = (name, { direction, before, after, limit }: Query) => {
    if (name !== 'message.history') return { conversation: { kind: 'ordinary' } };
    const place = (id: string | undefined, none: number) =>
      id === undefined ? none : stored.findIndex((one) => one.id === id);
    const range = stored.slice(place(after?.message, -1) + 1, place(before?.message, stored.length));
    const count = Math.min(limit, perPage);
    const messages = direction === 'forward' ? range.slice(0, count) : range.slice(-count);
    return { messages, more: range.length > count, floor: 0 };
  };
});
afterEach(() => rig.stop());

it.each([
  ['the newest', { limit: 7 }, [1, 2, 3, 4, 5, 6, 7]],
  ['all', { limit: 20 }, [0, 1, 2, 3, 4, 5, 6, 7]],
  ['the eldest', { limit: 5, direction: QueryDirection.NEW }, [0, 1, 2, 3, 4]],
  ['those before one', { limit: 4, mid: 'id-6', t: 1_006 }, [2, 3, 4, 5]],
])('pages have as many messages as were asked for: %s', async (_, logs, expected) => {
  const { logsMessage } = await ann.ask({ cmd: CommandType.logs, logsMessage: { cid: 'c1', ...logs } });
  expect(logsMessage?.logs?.map(({ msgId }) => msgId)).toEqual(expected.map((at) => `id-${at}`));
});
