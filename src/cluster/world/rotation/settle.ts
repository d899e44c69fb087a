import { orderOf } from '../../model/generations.ts';
import type { FinishChange } from '../../plan/steps/finish-change.ts';
import { apiAt } from '../api.ts';
import { encryptionKeyName } from '../keys.ts';
import { type Progress, type Tools, voterToAsk } from '../tools.ts';
import { forgetInBundles } from './bundles.ts';
import { authorizeOperators } from './operator-keys.ts';
import { rewriteSecrets } from './secrets.ts';

type Work = NonNullable<FinishChange['after']>[number];

/** What the next phase of a rotation relies on, when all replicas have this one. Cut off anywhere, it is done again. */
export const settle: Readonly<Record<Work, (t: Tools, progress: Progress) => Promise<void>>> = {
  'authorize-operators': authorizeOperators,
  'forget-authorities': async (t) => forgetInBundles(t, await apiAt(t, t.seen().address!.ip)),
  'rewrite-secrets': rewriteAll,
};

/** Every Secret is under the key that is written with now. */
export async function rewriteAll(
  t: Pick<Tools, 'memory' | 'authorities' | 'seen' | 'etcd' | 'signal'>,
  progress: Progress,
): Promise<void> {
  const key = encryptionKeyName(orderOf(t.memory.spec, 'encryption')[0]!);
  const etcd = await t.etcd(voterToAsk(t.seen()).name);
  const api = await apiAt(t, t.seen().address!.ip);
  await rewriteSecrets({ etcd, api }, key, { signal: t.signal, progress });
}
