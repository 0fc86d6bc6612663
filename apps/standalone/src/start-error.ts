import { SecretKeyError } from '@hongyan/apps';

/** Why a server could not start, as one line for the operator. */
export class StartError extends Error {
  override readonly name = 'StartError';

  /** What an operator can help becomes a line; anything else stays as it is. */
  static from(error: unknown): unknown {
    return error instanceof SecretKeyError ? new StartError(error.message, { cause: error }) : error;
  }
}
