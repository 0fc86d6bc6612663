import { asClientId, asConversationId } from '@hongyan/protocol';
import { memberInfoPlace, memberInfoRow, memberInfosBefore } from './member-info.js';

describe('object ids of member infos', () => {
  const idOf = (conversation: string, client: string) =>
    memberInfoRow(asConversationId(conversation), asClientId(client), 'manager').objectId;

  it('have the order of conversation ids, also where one id begins another', () => {
    const conversations = [
      'room',
      'room-1',
      'room-10',
      'room-2',
      'room1',
      'room:1',
      'rooma',
      'room_1',
    ].sort();
    const objectIds = conversations.map((conversation) => idOf(conversation, 'zoe'));
    expect([...objectIds].sort()).toEqual(objectIds);
  });

  it('have a place before all of a conversation', () => {
    const before = memberInfosBefore(asConversationId('room-1'));
    expect(before < idOf('room-1', '!')).toBe(true);
    expect(before > idOf('room', '\uffff')).toBe(true);
    expect(memberInfoPlace(before)?.conversation).toBe('room-1');
  });

  it('say what they are made of', () => {
    expect(memberInfoPlace(idOf('a:b-c', 'x!y:z'))).toEqual({ conversation: 'a:b-c', client: 'x!y:z' });
    for (const other of ['', '!', '!x', 'none', 'a:b']) expect(memberInfoPlace(other)).toBeUndefined();
  });
});
