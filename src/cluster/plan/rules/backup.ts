import type { Step } from '../step.ts';
import { isVoter, type View } from '../view.ts';

/** Every master is told how etcd is to be backed up, as the last thing of all: nothing waits for it, and whoever leads next is ready. */
export function keepBackups(v: View): Step[] {
  const { backup } = v.spec;
  return v.replicas.flatMap((replica): Step[] => {
    const { inside, name } = replica;
    if (!inside?.provisioned || !isVoter(replica)) return [];
    if (!backup) return inside.backup ? [{ kind: 'stop-backup', replica: name }] : [];
    if (inside.backup?.generation === backup.generation) return [];
    return [{ kind: 'set-up-backup', replica: name, generation: backup.generation }];
  });
}
