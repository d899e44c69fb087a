import { createHash } from 'node:crypto';
import { ProviderError } from '../../../providers/errors.ts';
import type { MachineRole } from '../../../providers/provider.ts';
import { bootScript } from '../../../replicas/provision/boot.ts';
import { makingSpec } from '../../plan/roll.ts';
import { operatorKeys } from '../keys.ts';
import type { Tools } from '../tools.ts';
import { bootHostKey, forgetBootHostKey } from './boot-host-key.ts';

export async function createMachine(
  t: Tools,
  replica: string,
  zone: string,
  role: MachineRole,
): Promise<void> {
  const { memory, provider } = t;
  // Needed next, and made while the machine boots; whether that fails is said where they are used.
  t.authorities().catch(() => {});
  // A machine that could not be given its binaries would be paid for in vain.
  await t.binaries(makingSpec(memory.spec, t.seen()));
  // It had a machine before, which is gone: the new one must not be taken for it, by SSH or by the cloud.
  if (memory.pin(replica)?.seen) await forgetMachine(t, replica);
  const hostKey = await bootHostKey(t, replica);
  if (!memory.pin(replica)) await memory.setPin(replica, { current: hostKey.publicKey, seen: false });
  const { publicKeys } = await operatorKeys(t.secrets, memory.spec);
  const script = bootScript({ hostKeyPrivate: hostKey.privateKey, operatorPublicKeys: publicKeys });
  const attempt = memory.attempts(replica);
  try {
    await provider.machines.create({
      name: replica,
      role,
      zone,
      bootScript: script,
      requestToken: requestToken(memory.spec.uid, replica, attempt),
    });
  } catch (error) {
    // A cloud remembers its final answers by their token: asked again with the same one it would only repeat them. The
    // host key stays: what failed may have been the start of a machine that is there and has it.
    if (error instanceof ProviderError && error.kind !== 'transient') await memory.rememberAttempt(replica);
    throw error;
  }
}

/** The pin goes last: cut off before that, the next run begins here again. */
async function forgetMachine(t: Tools, replica: string): Promise<void> {
  await t.memory.rememberAttempt(replica);
  await forgetBootHostKey(t, replica);
  await t.memory.forget(replica);
}

/** 64 hex digits: the same for every retry of one request, another after each terminal answer. */
function requestToken(uid: string, replica: string, attempt: number): string {
  return createHash('sha256').update(`${uid}/${replica}/${attempt}`).digest('hex');
}
