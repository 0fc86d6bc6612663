import type { ConversationKind } from '@hongyan/protocol';
import { ConvType } from './names.js';

/** Ids of temporary conversations tell their kind. */
export const temporaryPrefix = '_tmp:';

const numbers: Readonly<Record<ConversationKind, number>> = {
  ordinary: ConvType.normal,
  room: ConvType.room,
  system: ConvType.system,
  temporary: ConvType.temporary,
};

export const convTypeOf = (kind: ConversationKind): number => numbers[kind];
