import { fromWire, isRecalled, recalledText, toNative, toWire } from './content.js';

describe('content', () => {
  const bodies = [
    '{"_lctype":-1,"_lctext":"hi","_lcattrs":{"n":12345678901234567890}}',
    ' {"_lctype": 3, "x" : 1 }',
    'plain text',
    '',
    '{"not":"typed"}',
    '{"_lctype":"1"}',
    '{"_lctype":1.5}',
    '{broken',
    '[1]',
    'null',
  ];

  it.each(bodies)('gives %j back to clients of its own family byte for byte', (msg) => {
    expect(toWire(fromWire({ msg }))).toEqual({ msg });
  });

  it('keeps typed messages under a type that can be filtered by, and says of others that they have none', () => {
    expect(fromWire({ msg: bodies[0]! })).toEqual({ format: 'json', type: 'lc:-1', body: bodies[0] });
    expect(fromWire({ msg: bodies[1]! }).type).toBe('lc:3');
    for (const msg of bodies.slice(2)) expect(fromWire({ msg })).toMatchObject({ format: 'text' });
    expect(fromWire({})).toMatchObject({ format: 'text', body: '' });
  });

  it('knows the content that stands for a recall', () => {
    expect(isRecalled(fromWire({ msg: recalledText }))).toBe(true);
    expect(isRecalled(fromWire({ msg: '{"_lctype":-1,"_lctext":"-127"}' }))).toBe(false);
    expect(isRecalled(fromWire({ msg: 'lc:-127' }))).toBe(false);
  });

  it('carries bytes both ways', () => {
    const bytes = Buffer.from([0, 255, 7]);
    const kept = fromWire({ binaryMsg: bytes });
    expect(kept).toEqual({ format: 'binary', body: 'AP8H' });
    expect(toWire(kept)).toEqual({ binaryMsg: bytes });
  });

  it('shows a recalled message as the type that its clients reserve for that', () => {
    expect(toWire({ format: 'text', body: '', recalled: true })).toEqual({ msg: recalledText });
  });

  it('shows native text and media as typed messages, and other JSON as it is', () => {
    expect(toWire({ format: 'text', body: 'hi "you"' })).toEqual({
      msg: '{"_lctype":-1,"_lctext":"hi \\"you\\""}',
    });
    const image = { url: 'https://x/y.png', name: 'y.png', size: 9, width: 3 };
    const wire = toWire({ format: 'json', type: 'image', body: JSON.stringify(image) }).msg!;
    expect(JSON.parse(wire)).toEqual({
      _lctype: -2,
      _lcfile: {
        url: 'https://x/y.png',
        name: 'y.png',
        size: 9,
        objId: 'https://x/y.png',
        metaData: { name: 'y.png', size: 9, width: 3 },
      },
    });
    // What a client of this family passes on is what it was.
    expect(JSON.parse(toNative(fromWire({ msg: wire })).body)).toEqual(image);
    const kept = { ...image, id: 'file-1' };
    expect(toWire({ format: 'json', type: 'image', body: JSON.stringify(kept) }).msg).toContain(
      '"objId":"file-1"',
    );
    const place = toWire({ format: 'json', type: 'location', body: '{"latitude":1,"longitude":2}' }).msg!;
    expect(JSON.parse(place)).toEqual({ _lctype: -5, _lcloc: { latitude: 1, longitude: 2 } });
    expect(toWire({ format: 'json', type: 'order', body: '{"a":1}' })).toEqual({ msg: '{"a":1}' });
  });

  it('shows typed messages to native readers as text with attributes, and as media', () => {
    expect(toNative(fromWire({ msg: '{"_lctype":-1,"_lctext":"hi","_lcattrs":{"a":1}}' }))).toEqual({
      format: 'text',
      body: 'hi',
      attributes: { a: 1 },
    });
    expect(toNative(fromWire({ msg: 'plain' }))).toEqual({ format: 'text', body: 'plain' });
    const file = { url: 'u', name: 'n', size: 1, objId: 'o', metaData: { duration: 2 } };
    const audio = toNative(fromWire({ msg: JSON.stringify({ _lctype: -3, _lctext: 't', _lcfile: file }) }));
    expect(audio).toMatchObject({ format: 'json', type: 'audio' });
    expect(JSON.parse(audio.body)).toEqual({ url: 'u', name: 'n', size: 1, id: 'o', duration: 2, text: 't' });
    const place = toNative(fromWire({ msg: '{"_lctype":-5,"_lcloc":{"latitude":1,"longitude":2}}' }));
    expect(JSON.parse(place.body)).toEqual({ latitude: 1, longitude: 2 });
    for (const kept of [{ format: 'text', body: 'native' } as const, fromWire({ msg: '{"_lctype":7}' })])
      expect(toNative(kept)).toEqual(kept);
  });
});
