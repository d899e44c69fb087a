import { z } from 'zod';
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
import { damagedSecret, readStoredSecret } from './stored-secret.ts';

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
  const name = 'operator-ssh-key';
  const kept = await secrets.get(name);
  const text = kept ?? (await secrets.putIfAbsent(name, JSON.stringify(await makeKeyPair('haup'))));
  return readStoredSecret(name, text, keyPairSchema);
}

/** As makeKeyPair has it, in JSON. */
export const keyPairSchema = z.object({ privateKey: z.string().min(1), publicKey: z.string().min(1) });

/** What the API servers encrypt Secrets with before they write them: one key for all replicas. */
export async function encryptionKey(secrets: Secrets): Promise<string> {
  const name = 'encryption-key';
  const key = (await secrets.get(name)) ?? (await secrets.putIfAbsent(name, newEncryptionKey()));
  // 32 bytes: another one would make API servers that cannot read what there is.
  if (!/^[A-Za-z0-9+/]{43}=$/.test(key)) throw damagedSecret(name);
  return key;
}
