import type { Socket } from 'node:net';
import { CommandType, decodeCommand, encodeCommand, type GenericCommand, OpType } from '@hongyan/leancloud';
import { parseMessageId } from '@hongyan/protocol';
import { WebSocket } from 'ws';
import { readBody } from './body.js';
import type { Arrived, Receiver } from './delivery-checker.js';
import { newOperation, type TrafficClient, type TrafficClientOptions } from './traffic-client.js';

const answerMs = 30_000;
/** The field `peerId` in front: a push; its rest is the same for all receivers. */
const peerTag = 0x22;
const configBitmap = 187; // what the JavaScript SDK asks for

/** A client of LeanCloud's protocol (`lc.protobuf2.3`) that does only what a load generator needs. */
export class LeanCloudClient implements TrafficClient {
  private readonly answers = new Map<number, (reply: GenericCommand) => void>();
  private lastSerial = 0;
  private corked = false;

  private constructor(
    private readonly socket: WebSocket,
    private readonly onPush: (packet: Buffer) => void,
  ) {
    socket.on('message', (data: Buffer) => this.received(data));
  }

  static async connect({ server, name, onPush, onClose }: TrafficClientOptions): Promise<LeanCloudClient> {
    const url = `ws://127.0.0.1:${server.port}/`;
    const socket = new WebSocket(url, 'lc.protobuf2.3', {
      perMessageDeflate: false,
      handshakeTimeout: answerMs,
    });
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    const client = new LeanCloudClient(socket, onPush);
    socket.on('close', (code) => onClose(`closed with ${code}`));
    socket.on('error', ({ message }) => onClose(message));
    const { appId } = server.auth(name) as { appId: string };
    const sessionMessage = { ua: 'js/5.0.0-rc.8', deviceId: name, configBitmap };
    const opened = await client.ask({
      cmd: CommandType.session,
      op: OpType.open,
      appId,
      peerId: name,
      sessionMessage,
    });
    if (opened.op !== OpType.opened) throw new Error(`${name}: ${JSON.stringify(opened)}`);
    return client;
  }

  async create(kind: 'ordinary' | 'room', members: readonly string[]): Promise<string> {
    const convMessage = kind === 'room' ? { transient: true } : { m: [...members], unique: false };
    const reply = await this.ask({ cmd: CommandType.conv, op: OpType.start, convMessage });
    const cid = reply.convMessage?.cid;
    if (cid === undefined) throw new Error(`no conversation: ${JSON.stringify(reply)}`);
    return cid;
  }

  async join(conversation: string): Promise<void> {
    await this.ask({ cmd: CommandType.conv, op: OpType.add, convMessage: { cid: conversation } });
  }

  send(conversation: string, body: string, answered: (problem?: string) => void): void {
    const directMessage = { cid: conversation, msg: body, r: true, dt: newOperation() };
    this.command({ cmd: CommandType.direct, directMessage }, (reply) =>
      answered(reply.ackMessage?.uid === undefined ? JSON.stringify(reply) : undefined),
    );
  }

  /** Nobody answers these; a connection that is closed for them is a problem by itself. */
  report(conversation: string, { last, firstTime }: Receiver): void {
    if (last?.time === undefined) return;
    const ackMessage = { cid: conversation, fromts: firstTime, tots: last.time };
    this.write({ cmd: CommandType.ack, ackMessage });
    const convs = [{ cid: conversation, mid: last.id!, timestamp: last.time }];
    this.write({ cmd: CommandType.read, readMessage: { convs } });
  }

  close(): void {
    this.socket.removeAllListeners('close');
    this.socket.terminate();
  }

  private ask(command: GenericCommand): Promise<GenericCommand> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`no answer to ${JSON.stringify(command)}`)), answerMs);
      this.command(command, (reply) => {
        clearTimeout(late);
        resolve(reply);
      });
    });
  }

  private command(command: GenericCommand, answered: (reply: GenericCommand) => void): void {
    const i = (this.lastSerial += 1);
    this.answers.set(i, answered);
    this.write({ ...command, i });
  }

  /** What is sent during one turn leaves in one write, as the native client's does. */
  private write(command: GenericCommand): void {
    if (this.socket.readyState !== WebSocket.OPEN) return;
    const { _socket: raw } = this.socket as unknown as { _socket: Socket };
    if (!this.corked) {
      this.corked = true;
      raw.cork();
      process.nextTick(() => {
        this.corked = false;
        raw.uncork();
      });
    }
    this.socket.send(encodeCommand(command));
  }

  private received(data: Buffer): void {
    if (data[0] === peerTag) return this.onPush(data.subarray(2 + data[1]!)); // names are short
    const reply = decodeCommand(data);
    const answered = this.answers.get(reply.i ?? 0);
    this.answers.delete(reply.i ?? 0);
    answered?.(reply);
  }
}

/** A push without its peer id. Undefined: no message; a text: what is wrong with it. */
export function readLeanCloudPush(packet: Buffer): Arrived | string | undefined {
  const { cmd, directMessage: direct } = decodeCommand(packet);
  if (cmd !== CommandType.direct || direct === undefined) return undefined;
  const { cid = '', id = '', msg = '', timestamp } = direct;
  const body = readBody(msg);
  if (body === undefined) return `a damaged body in ${cid}: ${msg.slice(0, 200)}`;
  return {
    ...body,
    conversation: cid,
    seq: parseMessageId(id)?.seq,
    id,
    ...(timestamp === undefined ? {} : { time: timestamp }),
  };
}
