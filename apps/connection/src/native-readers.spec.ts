import { asConversationId, type MessageId, type MessageView } from '@hongyan/protocol';
import { fromWire } from '@hongyan/leancloud';
import { type Rig, sampleApp, startRig } from './fixtures.contract.js';

const conversation = asConversationId('c');
const message: MessageView = {
  ...{ id: 'c_1' as MessageId, conversation, seq: 1, time: 1 },
  ...fromWire({ msg: '{"_lctype":-1,"_lctext":"hi","_lcattrs":{"a":1}}' }),
};
const asText = { format: 'text', body: 'hi', attributes: { a: 1 } };

let rig: Rig;
beforeEach(async () => (rig = await startRig([sampleApp('one')])));
afterEach(() => rig.stop());

describe('typed messages of LeanCloud’s clients', () => {
  it('are text with attributes in answers and events of native clients', async () => {
    const client = rig.client();
    const { session } = await client.event('session');
    rig.commands.answer = () => ({ messages: [message], more: false, floor: 0 });
    const ack = await client.command('message.history', { conversation, types: ['image'] });
    expect(ack.ok).toMatchObject({ messages: [asText] });
    expect(rig.commands.calls.at(-1)?.args).toMatchObject({ types: ['image', 'lc:-2'] });
    rig.hub.publish([
      {
        app: sampleApp('one').id,
        audience: { kind: 'sessions', sessions: [session] },
        class: 'entry',
        event: { type: 'entry', entry: { conversation, seq: 1, time: 1, kind: 'message', message } },
      },
    ]);
    expect((await client.event('entry')).entry).toMatchObject({ seq: 1, message: asText });
    expect(JSON.stringify(client.packets)).not.toContain('_lctext');
  });
});
