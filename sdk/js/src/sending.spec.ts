import { wireError } from '../test/fake-logs.js';
import { clientOf, online, range, server, until, watch } from '../test/stage.js';
import { MemoryStorage } from './storage.js';

describe('sending', () => {
  it('resolves on the acknowledgement and tells each state', async () => {
    const fake = await server();
    fake.conversation('c', ['me', 'you']);
    const client = await online(fake);
    const seen = watch(client);
    const states: string[] = [];
    client.on('local', ({ local }) => states.push(local.state));
    const message = await client.conversations.of('c').send('hello', { type: 'greeting' });
    expect(message).toMatchObject({ seq: 1, from: 'me', body: 'hello', type: 'greeting', conversation: 'c' });
    expect(states).toEqual(['queued', 'sending', 'sent']);
    expect(seen).toMatchObject({ seqs: [1], bodies: [] });
  });

  it('repeats a send whose acknowledgement was lost; it is stored and told once', async () => {
    const fake = await server();
    const conversation = fake.conversation('c', ['me', 'you']);
    const client = await online(fake);
    const seen = watch(client);
    let lost = 0;
    fake.intercept = ({ name }, _ack, run) => name === 'message.send' && lost++ === 0 && (run(), true);
    const message = await client.conversations.of('c').send('once');
    expect(message.seq).toBe(1);
    expect(lost).toBe(2);
    expect(conversation.entries).toHaveLength(1);
    expect(seen.seqs).toEqual([1]);
  });

  it.each([1, 8])('never reorders when one fails for a passing reason (window %i)', async (sendWindow) => {
    const fake = await server();
    const conversation = fake.conversation('c', ['me', 'you']);
    const client = await online(fake, { sendWindow });
    let failing = 0;
    // The second fails, and so do those behind it until it comes again: what a server promises.
    fake.intercept = ({ name, args }, ack) => {
      if (name !== 'message.send') return false;
      if (args.body === 'm2' && failing < 2) failing += 1;
      else if (failing === 0 || failing > 2 || args.body === 'm2') {
        if (args.body === 'm2') failing = 3;
        return false;
      }
      ack({ error: wireError('overloaded') });
      return true;
    };
    const handles = range(1, 6).map((n) => client.conversations.of('c').send(`m${n}`));
    await Promise.all(handles);
    expect(conversation.entries.map((entry) => entry.kind === 'message' && entry.message.body)).toEqual(
      range(1, 6).map((n) => `m${n}`),
    );
  });

  it('fails only the one that is refused for good', async () => {
    const fake = await server();
    fake.conversation('c', ['me', 'you']);
    const client = await online(fake, { sendWindow: 4 });
    fake.intercept = ({ name, args }, ack) =>
      name === 'message.send' && args.body === 'bad' && (ack({ error: wireError('silenced') }), true);
    const conversation = client.conversations.of('c');
    const results = await Promise.allSettled(['a', 'bad', 'b'].map((body) => conversation.send(body)));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(results[1]).toMatchObject({ reason: { name: 'silenced', code: 1303, temporary: false } });
  });

  it('shows what a waiting message answers and whom it mentions, also after a restart', async () => {
    const fake = await server();
    const storage = new MemoryStorage();
    const content = { replyTo: 'c.1', mentions: ['you'], mentionAll: true, type: 'note' };
    const first = clientOf(fake, { storage });
    fake.refuse = () => wireError('unavailable');
    first.connect().catch(() => undefined);
    expect(first.conversations.of('c').send('a', { ...content, silent: true }).local).toMatchObject(content);
    await first.close();
    const second = clientOf(fake, { storage });
    second.connect().catch(() => undefined);
    await until(() => second.pending.length === 1);
    expect(second.pending[0]).toMatchObject({ ...content, body: 'a', state: 'queued' });
  });

  it('shows at once again that I am typing after I sent', async () => {
    const fake = await server();
    fake.conversation('c', ['me', 'you']);
    const client = await online(fake);
    const conversation = client.conversations.of('c');
    for (let n = 0; n < 3; n++) conversation.typing();
    await conversation.send('one');
    for (let n = 0; n < 3; n++) conversation.typing();
    await conversation.send('two');
    expect(fake.commands.filter(({ name }) => name === 'signal.send')).toHaveLength(2);
  });

  it('keeps what is unsent over a restart, in order', async () => {
    const fake = await server();
    const conversation = fake.conversation('c', ['me', 'you']);
    const storage = new MemoryStorage();
    const first = clientOf(fake, { storage });
    fake.refuse = () => wireError('unavailable');
    first.connect().catch(() => undefined);
    const handles = ['a', 'b', 'c'].map((body) => first.conversations.of('c').send(body));
    await first.close();
    await expect(handles[0]).rejects.toMatchObject({ name: 'client_closed' });
    fake.refuse = () => undefined;
    const second = await online(fake, { storage });
    await until(() => second.pending.length === 0);
    expect(conversation.entries.map((entry) => entry.kind === 'message' && entry.message.body)).toEqual([
      'a',
      'b',
      'c',
    ]);
    await second.close();
    expect([...(await storage.load())].filter(([key]) => key.startsWith('q/'))).toEqual([]);
  });

  it('refuses more than the queue may hold, can be cancelled and can time out', async () => {
    const fake = await server();
    const client = clientOf(fake, { maxQueue: 2 });
    const conversation = client.conversations.of('c');
    const [a, b, c] = [
      conversation.send('a'),
      conversation.send('b', { timeoutMs: 20 }),
      conversation.send('c'),
    ];
    await expect(c).rejects.toMatchObject({ name: 'queue_full', code: 900 });
    await expect(b).rejects.toMatchObject({ name: 'timeout' });
    expect(a?.cancel()).toBe(true);
    await expect(a).rejects.toMatchObject({ name: 'send_cancelled' });
    expect(client.pending).toEqual([]);
  });

  it('is settled by the log when the answer never comes', async () => {
    const fake = await server();
    fake.conversation('c', ['me', 'you']);
    const client = await online(fake);
    fake.intercept = ({ name, session }, _ack, run) => {
      if (name !== 'message.send') return false;
      run();
      session.socket.conn.close();
      return true;
    };
    client.once('state', () => (fake.intercept = () => false));
    const message = await client.conversations.of('c').send('once');
    expect(message.seq).toBe(1);
    expect(fake.conversations.get('c')?.entries).toHaveLength(1);
  });
});
