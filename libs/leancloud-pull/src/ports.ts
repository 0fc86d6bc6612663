export type Parameters = Readonly<Record<string, string | number | undefined>>;

/**
 * The app at LeanCloud. An answer is complete or the promise is rejected: temporary failures are repeated inside, until
 * patience ends; what is refused is a `SourceRefusal`. Safe to call from many places: it keeps to its own bounds.
 */
export interface Source {
  get<T>(path: string, parameters?: Parameters): Promise<T>;
  /** Requests sent so far, repeated ones too. */
  readonly requests: number;
  /** The server's clock as of its last answer, in ms. */
  readonly serverTime: number;
}
