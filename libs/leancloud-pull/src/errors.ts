/** What can end a pull; each is one line that a person can act on. Nothing durable is lost by any of them. */
export type PullErrorKind =
  | 'usage'
  | 'credentials'
  | 'clock'
  | 'refused'
  | 'unreachable'
  | 'throttled'
  | 'folder'
  | 'disk_full'
  | 'locked'
  | 'damaged'
  | 'stopped';

export class PullError extends Error {
  override readonly name: string = 'PullError';
  constructor(
    readonly kind: PullErrorKind,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The source understood a request and said no: asking again would not help. */
export class SourceRefusal extends PullError {
  constructor(
    readonly path: string,
    readonly status: number,
    /** LeanCloud's code in the body, where it sent one. */
    readonly code: number | undefined,
    readonly text: string,
  ) {
    const named = code === undefined ? String(status) : `${status}, code ${code}`;
    super('refused', `LeanCloud refuses GET ${path} (${named}): ${text}`);
  }
}

function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : '';
}

/** What the file system answered, as one line; anything else stays what it is. */
export function folderError(error: unknown, path: string): unknown {
  const code = codeOf(error);
  if (['ENOSPC', 'EDQUOT', 'EFBIG'].includes(code))
    return new PullError(
      'disk_full',
      `no space left for ${path}; what was reported is safe: free some space and run the same command again`,
      { cause: error },
    );
  if (['ENOENT', 'EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EISDIR', 'ENAMETOOLONG', 'EEXIST'].includes(code))
    return new PullError('folder', `cannot write to ${path} (${code})`, { cause: error });
  if (['EIO', 'EMFILE', 'ENFILE'].includes(code))
    return new PullError('folder', `the file system failed at ${path} (${code})`, { cause: error });
  return error;
}

/** Runs work on the file system; failures become {@link PullError}s. */
export async function onDisk<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw folderError(error, path);
  }
}
