/** A JSON object as the source sent it. Its columns are the tenant's; we read the few that order and join rows. */
export type Row = Readonly<Record<string, unknown>>;

export const regions = ['cn-n1', 'cn-e1', 'us'] as const;
export type Region = (typeof regions)[number];

export interface Credentials {
  readonly appId: string;
  readonly masterKey: string;
}

/** Streams that are always pulled, in the order in which they are. */
export const standardStreams = [
  'conversations',
  'messages',
  'member-infos',
  'silenced',
  'blocked',
  'subscriptions',
  'threads',
  'broadcasts',
  'installations',
] as const;
export type StandardStream = (typeof standardStreams)[number];

/** One part of a stream on the disk; a part that is listed never changes again. */
export interface PartEntry {
  /** From the folder. */
  readonly file: string;
  readonly bytes: number;
  readonly rows: number;
  readonly sha256: string;
  /** Smallest and largest of the column that the stream is ordered by. */
  readonly range?: Range;
}

export interface Range {
  readonly from: string | number;
  readonly to: string | number;
}

/** The checkpoint of a stream: everything that a new process needs to go on. */
export interface StreamState {
  readonly version: 1;
  readonly stream: string;
  readonly kind: StreamKind;
  /** The number of the pull that it is of, as in the manifest. */
  readonly pull: number;
  readonly parts: readonly PartEntry[];
  /** Of a snapshot that is being taken anew: the parts that stay valid until it is complete. */
  readonly replaced: readonly PartEntry[];
  readonly open?: OpenPart;
  /** Where the stream is at the source; its shape is the stream's own. */
  readonly cursor: unknown;
  readonly done: boolean;
  /** Set if the source does not offer it, with what it said. */
  readonly unavailable?: string;
  readonly startedAt: string;
  readonly finishedAt?: string;
}

/** `append`: a later pull adds rows, the last row of an id counts. `snapshot`: a later pull replaces all. */
export type StreamKind = 'append' | 'snapshot';

export interface OpenPart {
  readonly file: string;
  readonly bytes: number;
  readonly rows: number;
  readonly range?: Range;
}

export interface Manifest {
  readonly format: 'hongyan-leancloud-pull/1';
  readonly tool: string;
  readonly appId: string;
  readonly region?: Region;
  readonly server: string;
  readonly state: 'running' | 'complete';
  /** 1 for the first; a later one adds what changed. */
  readonly pull: number;
  readonly startedAt: string;
  readonly updatedAt: string;
  readonly finishedAt?: string;
  readonly streams: Readonly<Record<string, ManifestStream>>;
}

export interface ManifestStream {
  readonly kind: StreamKind;
  readonly done: boolean;
  readonly pull: number;
  readonly rows: number;
  readonly bytes: number;
  readonly range?: Range;
  readonly unavailable?: string;
  readonly startedAt: string;
  readonly finishedAt?: string;
  readonly parts: readonly PartEntry[];
}

/** What a pull tells while it runs. */
export type PullEvent =
  | {
      readonly event: 'progress';
      readonly stream: string;
      readonly rows: number;
      /** 0…1 where it can be told. */
      readonly fraction?: number;
      readonly rowsPerSecond: number;
      readonly etaSeconds?: number;
      readonly requests: number;
      readonly waiting: readonly string[];
    }
  | {
      readonly event: 'stream';
      readonly stream: string;
      readonly rows: number;
      readonly unavailable?: string;
    }
  | { readonly event: 'retry'; readonly path: string; readonly why: string; readonly waitMs: number }
  | { readonly event: 'note'; readonly text: string };
