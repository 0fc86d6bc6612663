import { CommandType, encodeCommand, OpType, Service, type GenericCommand } from '@hongyan/leancloud';
import type { WireFormat } from '@hongyan/delivery';
import type { ClientId, EntryView, ServerEvent } from '@hongyan/protocol';
import { membershipPushes, readsAlike, type ConvPush } from './membership-pushes.js';
import { convTypeOfMessage, directOf, patchItemOf } from './wire-message.js';

/** A push without its peer id, which each session puts in front. */
export const encodePush = (command: GenericCommand): Buffer =>
  encodeCommand({ ...command, service: Service.im });

/** What can be asked for again after a lost connection (see notifications.ts); the clients keep the time of the last one. */
export const reliable = 1;

export const encodeConvPush = ({ op, conv }: ConvPush, serverTs: number): Buffer =>
  encodePush({ cmd: CommandType.conv, op, serverTs, notificationType: reliable, convMessage: conv });

/** What the clients keep of a change and ask by: the time of it, or the one that it has to itself in its app. */
export const stampOf = ({ time, stamp = time }: EntryView): number => stamp;

const nothing: readonly Buffer[] = [];

/** An event of the hub, encoded at most once for all who read it alike. */
export class PushedEvent {
  private forAll: readonly Buffer[] | undefined;
  private forOthers: readonly Buffer[] | undefined;
  /** What needs a look into the conversation is asked for once, too. */
  private described: Promise<readonly Buffer[]> | undefined;

  constructor(readonly event: ServerEvent) {}

  /** What it says by itself. */
  frames(reader: ClientId, inRoom: boolean): readonly Buffer[] {
    const { event } = this;
    if (event.type === 'transient') {
      return (this.forAll ??= [direct(event.message, inRoom)]);
    }
    if (event.type !== 'entry') return nothing;
    const { entry } = event;
    switch (entry.kind) {
      case 'message':
        return (this.forAll ??= [direct(entry.message, inRoom)]);
      case 'edit':
      case 'recall':
        return (this.forAll ??= [patch(entry)]);
      // These clients keep a message that the app's server removes: nothing would tell them.
      case 'delete':
      case 'updated':
      case 'deleted':
        return nothing;
      default:
        return this.membership(entry, reader, inRoom);
    }
  }

  /** What has to be looked up before it can be said. */
  lookedUp(describe: () => Promise<readonly Buffer[]>): Promise<readonly Buffer[]> {
    return (this.described ??= describe());
  }

  private membership(entry: EntryView, reader: ClientId, inRoom: boolean): readonly Buffer[] {
    const view = this.event.type === 'entry' ? this.event.conversationView : undefined;
    const encode = () =>
      (membershipPushes(entry, reader, inRoom, view) ?? []).map((push) =>
        encodeConvPush(push, stampOf(entry)),
      );
    return readsAlike(entry, reader) ? (this.forOthers ??= encode()) : encode();
  }
}

export const leanCloudFormat: WireFormat<PushedEvent> = {
  name: 'leancloud',
  encode: (event) => new PushedEvent(event),
};

const direct = (message: Parameters<typeof directOf>[0], inRoom: boolean): Buffer =>
  encodePush({
    cmd: CommandType.direct,
    serverTs: message.time,
    directMessage: directOf(message, convTypeOfMessage(message, inRoom)),
  });

export type Patch = EntryView & { kind: 'edit' | 'recall' };

export function patch(entry: Patch): Buffer {
  const stamp = stampOf(entry);
  return encodePush({
    cmd: CommandType.patch,
    op: OpType.modify,
    serverTs: stamp,
    patchMessage: { patches: [patchItemOf(entry.message, stamp)], lastPatchTime: stamp },
  });
}
