/** What became of the rows. */
export interface Counts {
  readonly conversations: { created: number; changed: number; same: number; refused: number };
  readonly threads: { created: number; changed: number; same: number; refused: number };
  /** `kept`: edited or recalled here as well, which stays. `replaced`: rows of which a later one counts. */
  readonly messages: {
    added: number;
    changed: number;
    same: number;
    kept: number;
    refused: number;
    replaced: number;
  };
  readonly subscribers: { added: number; same: number };
  /** Members for whom messages that came over are unread now, or no longer are. */
  readonly unread: { set: number };
  /** `kept`: a newer record is here. */
  readonly installations: { added: number; changed: number; same: number; kept: number };
}

export const noCounts = (): Counts => ({
  conversations: { created: 0, changed: 0, same: 0, refused: 0 },
  threads: { created: 0, changed: 0, same: 0, refused: 0 },
  messages: { added: 0, changed: 0, same: 0, kept: 0, refused: 0, replaced: 0 },
  subscribers: { added: 0, same: 0 },
  unread: { set: 0 },
  installations: { added: 0, changed: 0, same: 0, kept: 0 },
});
