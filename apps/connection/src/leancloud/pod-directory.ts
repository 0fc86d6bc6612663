import type { AppId } from '@hongyan/protocol';

/** How a client reached us, which is how it will reach us again. */
export interface Reached {
  /** Host and port as the client wrote them. */
  readonly host: string;
  /** Over TLS, be it ours or a proxy's. */
  readonly secure: boolean;
}

/** Where a client's socket is to go. */
export interface Route {
  readonly host: string;
  readonly secure: boolean;
}

/** Which connection pods there are. */
export interface PodDirectory {
  /** The pod for a client of this app, and another (or the same) if that one fails; undefined: no pod takes clients now. */
  route(app: AppId, reached: Reached): Promise<{ first: Route; second: Route; ttl: number } | undefined>;
}

/**
 * An installation of one process: it is where the client asked, even while it goes away, because the next one will be
 * there. Clients that are told of no server give up instead of trying again.
 */
export class LocalPodDirectory implements PodDirectory {
  constructor(private readonly ttl = 3600) {}

  route(_app: AppId, reached: Reached): Promise<{ first: Route; second: Route; ttl: number }> {
    return Promise.resolve({ first: reached, second: reached, ttl: this.ttl });
  }
}
