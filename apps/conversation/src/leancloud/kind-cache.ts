import type { AppId, ConversationId, ConversationKind } from '@hongyan/protocol';
import { LRUCache } from 'lru-cache';

const knownKinds = 100_000;

/** Of which kind conversations are: kinds never change. */
export class KindCache {
  private readonly kinds = new LRUCache<string, ConversationKind>({ max: knownKinds });

  get(app: AppId, conversation: ConversationId): ConversationKind | undefined {
    return this.kinds.get(`${app}\n${conversation}`);
  }

  set(app: AppId, conversation: ConversationId, kind: ConversationKind): void {
    this.kinds.set(`${app}\n${conversation}`, kind);
  }
}
