import { decodeCommand, encodeCommand, peerIdField, readFrame } from '@hongyan/leancloud';
import * as ws from 'ws';
import { framesOf } from './frame-buffer.js';

type Reader = NodeJS.WritableStream & { on(event: string, listener: (...args: never[]) => void): void };
/** Not among the types of ws. */
const { Receiver } = ws as unknown as { Receiver: new (options: object) => Reader };

/** What ws itself reads out of the bytes. */
function read(bytes: Buffer): { data: Buffer; isBinary: boolean }[] {
  const found: { data: Buffer; isBinary: boolean }[] = [];
  const receiver = new Receiver({ isServer: false });
  receiver.on('message', (data: Buffer, isBinary: boolean) => void found.push({ data, isBinary }));
  receiver.on('error', (error: Error) => {
    throw error;
  });
  receiver.write(bytes);
  return found;
}

describe('frames of pushes', () => {
  const peer = peerIdField('ann');
  /** Around each change of the header's form. */
  const sizes = [0, 1, 80, 113, 114, 115, 116, 117, 118, 119, 120, 65_510, 65_520, 65_536, 70_000];
  const bodies = sizes.map((size) => encodeCommand({ cmd: 2, directMessage: { msg: 'x'.repeat(size) } }));

  it.each(['binary', 'base64'] as const)('are what a WebSocket client reads, as %s', async (framing) => {
    const found = read(
      framesOf(framing, [
        { peer, frames: bodies.slice(0, 4) },
        { peer, frames: bodies.slice(4) },
      ]),
    );
    // ws hands out one message per turn.
    while (found.length < sizes.length) await new Promise((resolve) => setImmediate(resolve));
    expect(found.map(({ isBinary }) => isBinary)).toEqual(sizes.map(() => framing === 'binary'));
    expect(found.map(({ data, isBinary }) => readFrame(data, isBinary))).toEqual(
      bodies.map((body) => ({ ...decodeCommand(body), peerId: 'ann' })),
    );
  });

  it('are nothing when there are none', () => {
    expect(framesOf('binary', [])).toHaveLength(0);
  });
});
