export interface ServeOptions {
  readonly data?: string;
  readonly port?: string;
  readonly host?: string;
}

/** The options that are settings. */
export const pick = ({ data, port, host }: ServeOptions): Record<string, unknown> => ({ data, port, host });
