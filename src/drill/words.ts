import type { Wound } from '../cluster/model/drill.ts';
import { type ActName, acts } from './acts.ts';

/** An act in a sentence: "demo-master loses its power". */
export function sentenceOf(act: ActName, wounds: readonly Wound[]): string {
  return acts[act].tell(victimsOf(wounds));
}

function victimsOf(wounds: readonly Wound[]): string {
  const names = wounds.map(({ machine }) => machine ?? 'the load balancer');
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
