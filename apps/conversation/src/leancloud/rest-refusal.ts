/** A refusal that only this API knows: an HTTP status, and the number of LeanCloud's. */
export class RestRefusal extends Error {
  override readonly name = 'RestRefusal';

  constructor(
    readonly status: number,
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}
