import type { Receiver } from './delivery-checker.js';
import { newOperation, type TrafficClient, type TrafficClientOptions } from './traffic-client.js';
import { isRefusal, WireClient } from './wire-client.js';

/** Of our own protocol, and of the Socket.IO server beside it, which takes the same commands. */
export class NativeClient implements TrafficClient {
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
