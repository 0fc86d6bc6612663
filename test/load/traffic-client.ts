import { readLeanCloudPush, LeanCloudClient } from './leancloud-client.js';
import { type Arrived, readEvent, type Receiver } from './delivery-checker.js';
import type { BenchServer, ServerName } from './servers.js';
import { isRefusal, WireClient } from './wire-client.js';

/** One client of a workload, whatever it speaks. */
export interface TrafficClient {
  /** Answers the id of a new conversation with these others. */
  create(kind: 'ordinary' | 'room', members: readonly string[]): Promise<string>;
  /** Of a room. */
  join(conversation: string): Promise<void>;
  /** `answered` gets what was wrong, if anything. */
  send(conversation: string, body: string, answered: (problem?: string) => void): void;
  /** What arrived and was read up to the last message, as the SDKs report it. */
  report(conversation: string, receiver: Receiver, problem: (text: string) => void): void;
  close(): void;
}

export interface TrafficClientOptions {
  readonly server: BenchServer;
  readonly name: string;
  readonly onPush: (packet: Buffer) => void;
  readonly onClose: (reason: string) => void;
}

export const connectClient = ({
  server,
  name,
  onPush,
  onClose,
}: TrafficClientOptions): Promise<TrafficClient> =>
  server.name === 'leancloud'
    ? LeanCloudClient.connect({ server, name, onPush, onClose })
    : NativeClient.connect({ server, name, onPush, onClose });

/** How what a server pushes is read; undefined: no message. */
export const readerOf = (server: ServerName): ((packet: Buffer) => Arrived | string | undefined) =>
  server === 'leancloud' ? readLeanCloudPush : readEvent;

let operations = 0;
/** Time-ordered, as the SDK makes them. */
export const newOperation = (): string =>
  `${Date.now().toString(36)}-${(operations += 1).toString(36).padStart(10, '0')}`;

/** Of our own protocol, and of the Socket.IO server beside it, which takes the same commands. */
class NativeClient implements TrafficClient {
  private constructor(
    private readonly wire: WireClient,
    private readonly hasLog: boolean,
  ) {}

  static async connect({ server, name, onPush, onClose }: TrafficClientOptions): Promise<NativeClient> {
    const { port } = server;
    const wire = await WireClient.connect({ port, auth: server.auth(name), onEvent: onPush, onClose });
    return new NativeClient(wire, server.name !== 'socketio');
  }

  async create(kind: 'ordinary' | 'room', members: readonly string[]): Promise<string> {
    if (!this.hasLog) return `conversation-${newOperation()}`;
    const args = { op: newOperation(), kind, ...(kind === 'room' ? {} : { members }) };
    const { conversation } = await this.wire.call('conversation.create', args);
    return (conversation as { id: string }).id;
  }

  async join(conversation: string): Promise<void> {
    await this.wire.call(this.hasLog ? 'room.join' : 'join', { conversation });
  }

  send(conversation: string, body: string, answered: (problem?: string) => void): void {
    const args = `{"op":"${newOperation()}","conversation":"${conversation}","body":"${body}"}`;
    this.wire.command('message.send', args, (json) => answered(isRefusal(json) ? json : undefined));
  }

  report(conversation: string, receiver: Receiver, problem: (text: string) => void): void {
    const seq = receiver.lastSeq || receiver.received;
    const judge = (json: string) => {
      if (isRefusal(json)) problem(json);
    };
    const cursors = `{"cursors":[{"conversation":"${conversation}","seq":${seq}}]}`;
    this.wire.command('conversation.delivered', cursors, judge);
    this.wire.command('conversation.read', `{"conversation":"${conversation}","seq":${seq}}`, judge);
  }

  close(): void {
    this.wire.close();
  }
}
