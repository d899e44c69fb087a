import type { Decision } from '../decision.ts';
import type { Step } from '../step.ts';
import type { View } from '../view.ts';
import { nothingRefused } from './admission.ts';
import { noAlarm } from './alarms.ts';
import { certificatesLast } from './certificates.ts';
import { clocksAgree } from './clocks.ts';
import type { Preflight } from './preflight.ts';
import { spaceLeft } from './space.ts';

/** In the order in which they are told. */
// By a wrong clock certificates may seem to have ended, and new ones may not be good yet.
const preflights: readonly Preflight[] = [noAlarm, clocksAgree, certificatesLast, spaceLeft, nothingRefused];

/** Steps that mend, and need no write of etcd's: they are no danger whatever stands in the way of others. */
const MENDING: ReadonlySet<Step['kind']> = new Set([
  'start-machine',
  'restart-etcd',
  'renew-certificates',
  'fence',
  'refresh-certificates',
  'put-back',
  'renew-node',
]);

/** What may begin of a decision while something stands in its way. */
export function held(v: View, decision: Decision): Decision {
  const steps = decision.steps.filter((step) => MENDING.has(step.kind));
  // What is blocked already may be so for one of these reasons, which is then the better one to tell.
  if (steps.length === decision.steps.length && decision.blocked.length === 0) return decision;
  const stops = preflights.flatMap((preflight) => preflight(v) ?? []);
  return stops.length === 0 ? decision : { steps, blocked: [...stops, ...decision.blocked] };
}
