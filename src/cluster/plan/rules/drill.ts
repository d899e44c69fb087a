import type { Step } from '../step.ts';
import type { View } from '../view.ts';

/** What an interrupted drill has left hurt. Before all else: what it did must not be taken for what happened. */
export function undoDrill(v: View): Step[] {
  const wounds = v.observation.remembered.drill?.wounds ?? [];
  return wounds.map((wound) => ({ kind: 'undo-fault', ...wound }));
}

/** What its clients wrote. After all else: it needs an API that answers, and nobody waits for it. */
export function clearDrill(v: View): Step[] {
  const { drill } = v.observation.remembered;
  return drill ? [{ kind: 'clear-drill', namespace: drill.namespace }] : [];
}
