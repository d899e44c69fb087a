/** What a guard may be allowed to do. */
export const duties = ['clear-nospace', 'repair', 'renew', 'replace', 'defragment', 'backup'] as const;

export type Duty = (typeof duties)[number];

/** Something that a guard did. */
export interface Deed {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly duty: Duty;
  /** Null: it was about the whole cluster. */
  readonly replica: string | null;
  readonly reason: string;
  /** Why it did not succeed; null: it did. */
  readonly failed: string | null;
}

/** What a guard has to know of what it saw before. Times in milliseconds since the epoch. */
export interface GuardMemory {
  /** Since when each dead replica has been seen dead without a break. */
  readonly deadSince: Readonly<Record<string, number>>;
  /** When somebody was last seen dead, to a quarter of what counts as a break; null: at the last look nobody was. */
  readonly deadSeenAt: number | null;
  /** Zones that were out at the last look that could tell. */
  readonly zonesOut: readonly string[];
  /** Whether etcd had no quorum at the last look that could tell. */
  readonly quorumLost: boolean;
  /** Since when there has been something that a repair would do; null: there is nothing. */
  readonly unfinishedSince: number | null;
  /** Since when backups have failed or been late without a break; null: when they were last seen, they were well. */
  readonly backupsIllSince: number | null;
  /** The last ones, the newest last. */
  readonly deeds: readonly Deed[];
}

export const nothingSeen: GuardMemory = {
  deadSince: {},
  deadSeenAt: null,
  zonesOut: [],
  quorumLost: false,
  unfinishedSince: null,
  backupsIllSince: null,
  deeds: [],
};
