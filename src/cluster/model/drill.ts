/** What a drill does to a machine, or to the balancer, on purpose. */
export const blows = ['power-off', 'freeze', 'isolate', 'kill-api-server', 'kill-balancer'] as const;

export type Blow = (typeof blows)[number];

/** A blow that was dealt, or is about to be, and has not been undone. */
export interface Wound {
  readonly blow: Blow;
  /** Null: the balancer's. */
  readonly machine: string | null;
}

/** What a drill has begun and not ended: written down before it happens, so that whoever comes after can undo it. */
export interface DrillRecord {
  /** Where its clients write. */
  readonly namespace: string;
  readonly wounds: readonly Wound[];
}
