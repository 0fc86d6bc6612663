import type { MessageView, Results } from '@hongyan/protocol';

/** At the message, if one is named; else at the sequence (not of services), else at the time. */
export interface HistoryBound {
  readonly message?: string;
  readonly seq?: number;
  /** Milliseconds since 1970. */
  readonly time?: number;
  readonly inclusive?: boolean;
}

export interface HistoryQuery {
  /** `backward` (the default) takes the newest of the range, `forward` the oldest. */
  readonly direction?: 'backward' | 'forward';
  readonly before?: HistoryBound;
  readonly after?: HistoryBound;
  readonly types?: readonly string[];
  readonly limit?: number;
}

/** Some messages of a conversation, ascending. */
export class HistoryPage {
  readonly messages: readonly MessageView[];
  /** There is more in the direction that was asked for. */
  readonly more: boolean;
  /** Everything up to this sequence was removed by retention. */
  readonly floor: number;

  /** @internal */
  constructor(
    got: Results['message.history'],
    private readonly query: HistoryQuery,
    private readonly ask: (query: HistoryQuery) => Promise<HistoryPage>,
  ) {
    this.messages = got.messages;
    this.more = got.more;
    this.floor = got.floor;
  }

  /** The page before this one. */
  older(): Promise<HistoryPage> {
    const before = placeOf(this.messages[0]) ?? this.query.before;
    return this.#next({ direction: 'backward', ...(before === undefined ? {} : { before }) });
  }

  /** The page after this one. */
  newer(): Promise<HistoryPage> {
    const after = placeOf(this.messages.at(-1)) ?? this.query.after;
    return this.#next({ direction: 'forward', ...(after === undefined ? {} : { after }) });
  }

  #next(bounds: HistoryQuery): Promise<HistoryPage> {
    const { limit, types } = this.query;
    return this.ask({
      ...bounds,
      ...(limit === undefined ? {} : { limit }),
      ...(types === undefined ? {} : { types }),
    });
  }
}

const placeOf = (message?: MessageView): HistoryBound | undefined =>
  message && { message: message.id, time: message.time };
