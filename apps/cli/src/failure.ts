/** A refusal of the server, with its code. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  constructor(
    readonly code: number,
    readonly errorName: string,
    message: string,
  ) {
    super(message);
  }
}

/** The command was used wrongly; found after parsing. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** One line for people, with the code where there is one. */
export function failureLine(error: unknown): string {
  if (error instanceof Refusal) return `${error.message} (${error.errorName}, ${error.code})`;
  if (
    error instanceof Error &&
    ['StartError', 'ConfigError', 'UsageError', 'DemoError', 'PullError', 'ImportError'].includes(error.name)
  )
    return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
