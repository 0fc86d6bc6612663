/** The import cannot go on; the message is for whoever started it. */
export class ImportError extends Error {
  override readonly name = 'ImportError';
}
