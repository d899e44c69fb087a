import {
  type Authorities,
  createAuthorities,
  parseAuthorities,
  serializeAuthorities,
} from '../../pki/authorities.ts';
import {
  areDue,
  createKubeletAuthorities,
  type KubeletAuthorities,
  parseKubeletAuthorities,
  renewKubeletAuthorities,
  serializeKubeletAuthorities,
} from '../../pki/kubelet-authorities.ts';
import { newEncryptionKey } from '../../replicas/config.ts';
import { makeKeyPair } from '../../ssh/keys.ts';
import type { Secrets } from '../../state/store.ts';

/** The cluster's secrets, each made when it is first needed, and kept in the operator's store alone. */

export async function authorities(secrets: Secrets, cluster: string): Promise<Authorities> {
  const kept = await secrets.get('authorities');
  if (kept !== null) return parseAuthorities(kept);
  return parseAuthorities(
    await secrets.putIfAbsent('authorities', serializeAuthorities(await createAuthorities(cluster))),
  );
}

/**
 * A store of before has none: its cluster gets them with the next machine that is provisioned. They live no longer than what they are
 * put beside: whoever is about to use them gets them renewed when that is due.
 */
export async function kubeletAuthorities(secrets: Secrets, cluster: string): Promise<KubeletAuthorities> {
  const name = 'kubelet-authorities';
  const make = async () => serializeKubeletAuthorities(await createKubeletAuthorities(cluster));
  const kept = parseKubeletAuthorities(
    (await secrets.get(name)) ?? (await secrets.putIfAbsent(name, await make())),
  );
  if (!areDue(kept, Date.now())) return kept;
  const renewed = await renewKubeletAuthorities(kept, cluster);
  await secrets.put(name, serializeKubeletAuthorities(renewed));
  return renewed;
}

/** The key that haup logs in to every machine with. */
export async function operatorKey(secrets: Secrets): Promise<{ privateKey: string; publicKey: string }> {
  const kept = await secrets.get('operator-ssh-key');
  const text =
    kept ?? (await secrets.putIfAbsent('operator-ssh-key', JSON.stringify(await makeKeyPair('haup'))));
  return JSON.parse(text) as { privateKey: string; publicKey: string };
}

/** What the API servers encrypt Secrets with before they write them: one key for all replicas. */
export async function encryptionKey(secrets: Secrets): Promise<string> {
  return (await secrets.get('encryption-key')) ?? secrets.putIfAbsent('encryption-key', newEncryptionKey());
}
