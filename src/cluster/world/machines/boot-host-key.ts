import { makeKeyPair } from '../../../ssh/keys.ts';
import { keyPairSchema } from '../keys.ts';
import { readStoredSecret } from '../stored-secret.ts';
import type { Tools } from '../tools.ts';

/** The one-time host key of a machine is kept until its owner has replaced it: a create may have to be repeated. */
export async function bootHostKey(
  t: Tools,
  machine: string,
): Promise<{ privateKey: string; publicKey: string }> {
  const fresh = await makeKeyPair(machine);
  const kept = await t.secrets.putIfAbsent(nameOf(machine), JSON.stringify(fresh));
  return readStoredSecret(nameOf(machine), kept, keyPairSchema);
}

export function forgetBootHostKey(t: Tools, machine: string): Promise<void> {
  return t.secrets.remove(nameOf(machine));
}

function nameOf(machine: string): string {
  return `boot-host-key.${machine}`;
}
