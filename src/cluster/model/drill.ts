import { z } from 'zod';
import { REPLICA_NAME } from './names.ts';

/** What a drill does to a machine, or to the balancer, on purpose. */
export const blows = ['power-off', 'reset', 'freeze', 'isolate', 'kill-api-server', 'kill-balancer'] as const;

export type Blow = (typeof blows)[number];

/** The machine has been off, whether or not it comes back by itself. */
export function cutsPower(blow: Blow): boolean {
  return blow === 'power-off' || blow === 'reset';
}

export const woundSchema = z.strictObject({
  blow: z.enum(blows),
  /** Null: the balancer's. */
  machine: z.string().regex(REPLICA_NAME).nullable(),
});

/** A blow that was dealt, or is about to be, and has not been undone. */
export type Wound = Readonly<z.infer<typeof woundSchema>>;

/** How the namespaces begin in which drills' clients write: they are nobody else's, and go when the drill has ended. */
export const DRILL_NAMESPACE = 'haup-drill-';

/** What a drill has begun and not ended: written down before it happens, so that whoever comes after can undo it. */
export interface DrillRecord {
  /** Where its clients write. */
  readonly namespace: string;
  readonly wounds: readonly Wound[];
}
