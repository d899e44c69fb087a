import { type KindName, kinds } from '../model/kinds.ts';
import { nameOf } from '../model/object.ts';
import { isFederated } from '../plan/federated.ts';
import { ledBy } from '../plan/scaling.ts';
import type { Member } from './member.ts';
import type { Mirror } from './mirror.ts';

const KIND: KindName = 'HorizontalPodAutoscaler';

/** Which federated autoscaler leads the replicas of what. */
export interface Autoscalers {
  /** Looks at all of them again. The keys (`Deployment web/nginx`) of what is led by another one now, or by none. */
  sync(): readonly string[];
  /** The key of what this one leads, as it says now; null: nothing that a federation keeps. */
  ledBy(autoscaler: string): string | null;
  /** An autoscaler leads the replicas of this key in this member; null: nobody knows. */
  isScaled(member: Member, key: string): boolean | null;
}

/** Of those in the federation's own API. */
export function openAutoscalers(own: Mirror): Autoscalers {
  /** By what it leads: the name of the autoscaler. */
  let leaders: ReadonlyMap<string, string> = new Map();
  return {
    sync() {
      const before = leaders;
      const now = new Map<string, string>();
      for (const autoscaler of own.all()) {
        const led = isFederated(kinds[KIND], autoscaler) ? ledBy(autoscaler) : null;
        if (led !== null) now.set(led, nameOf(autoscaler));
      }
      leaders = now;
      return [...new Set([...before.keys(), ...now.keys()])].filter(
        (led) => before.get(led) !== now.get(led),
      );
    },
    ledBy(name) {
      const autoscaler = own.get(name);
      return autoscaler && ledBy(autoscaler);
    },
    isScaled(member, key) {
      const leader = leaders.get(key);
      if (leader === undefined) return false;
      return member.stateOf(KIND) === 'unseen' ? null : member.object(KIND, leader) !== null;
    },
  };
}
