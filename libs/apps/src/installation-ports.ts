import type { AppId } from '@hongyan/protocol';

/** A device as it registered for pushes, elsewhere so far. Kept for push, which nothing here sends yet. */
export interface Installation {
  /** One's own within the app: 1–64 visible ASCII characters. */
  readonly id: string;
  /** `ios`, `android` … as it came. */
  readonly deviceType?: string;
  /** Of iOS, and of vendors' own channels. */
  readonly deviceToken?: string;
  /** Of Android. */
  readonly installationId?: string;
  readonly channels: readonly string[];
  readonly timeZone?: string;
  /** False: the push service said that the device is gone. */
  readonly isValid: boolean;
  /** Milliseconds since 1970. */
  readonly updatedAt: number;
  /** The whole record as it came, JSON text to the byte: with columns of the tenant's own. */
  readonly record: string;
}

/** `kept`: one that is newer is here. */
export type TakenInstallation = 'added' | 'changed' | 'same' | 'kept';

/** SHA-256 (hex) over the {@link installationLine}s of all in the order of their ids. */
export interface InstallationDigest {
  readonly count: number;
  readonly records: string;
}

export interface InstallationStore {
  /** All or none. What is newer by `updatedAt` stays; of the same time the given one counts. */
  take(app: AppId, installations: readonly Installation[]): Promise<TakenInstallation[]>;
  /** In the order of ids (by code point), those behind `after`. */
  page(app: AppId, page: { readonly after?: string; readonly limit: number }): Promise<Installation[]>;
}

/** What both sides of an import hash, per installation. */
export const installationLine = (id: string, record: string): string => `${id}\n${record}\n`;
