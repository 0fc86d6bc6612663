export interface ServeOptions {
  readonly data?: string;
  readonly port?: number;
  readonly host?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
}

/** The options that are settings. */
export const pick = ({ data, port, host, tlsCert, tlsKey }: ServeOptions): Record<string, unknown> => ({
  data,
  port,
  host,
  tlsCert,
  tlsKey,
});
