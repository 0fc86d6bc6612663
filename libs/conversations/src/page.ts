import type { Entry } from './types.js';

/**
 * Bytes, about, that a page of the log weighs at most. Long messages make short pages: who reads over a slow line gets one
 * before its heartbeat is due, and a pod holds little for those who do not read what they asked for.
 */
export const pageWeight = 256 * 1024;
/** All but the body. */
const perItem = 256;

/** How much is read: at most `limit`, and nothing behind the one with which all weigh `weight`. */
export interface Amount {
  readonly limit: number;
  /** Bytes, about; absent: no bound. */
  readonly weight?: number;
}

export const weightOfBody = (body: string | Uint8Array): number =>
  perItem + (typeof body === 'string' ? Buffer.byteLength(body) : body.length);

/** Bytes, about, that an entry takes in an answer. */
export const weightOf = ({ payload }: Entry): number =>
  'body' in payload ? weightOfBody(payload.body) : perItem + JSON.stringify(payload).length;

/** A page that is being filled; the first item fits always. */
export class Page<T> {
  readonly items: T[] = [];
  /** Something was offered for which there was no room. */
  more = false;
  private left: number;

  constructor(
    private readonly amount: Amount,
    private readonly weigh: (item: T) => number,
  ) {
    this.left = amount.weight ?? Infinity;
  }

  /** Of these, as many as there is room for. */
  fill<S>(sources: Iterable<S>, from: (source: S) => T): this {
    for (const source of sources) {
      this.more = this.items.length === this.amount.limit || this.left <= 0;
      if (this.more) break;
      const item = from(source);
      this.items.push(item);
      this.left -= this.weigh(item);
    }
    return this;
  }
}
