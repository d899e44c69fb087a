import { createHash } from 'node:crypto';
import { issueReplica } from '../../../pki/replica.ts';
import { ProviderError } from '../../../providers/errors.ts';
import { bootScript } from '../../../replicas/boot.ts';
import { provision as provisionReplica } from '../../../replicas/provision.ts';
import { makeKeyPair } from '../../../ssh/keys.ts';
import { pkiIdentity } from './identity.ts';
import { encryptionKey, kubeletAuthorities, operatorKey } from './keys.ts';
import type { Progress, Tools } from './tools.ts';

/** A new machine's image boots, runs its boot script and starts sshd in this time on every provider. */
const FIRST_LOGIN_MS = 300_000;

export async function createMachine(t: Tools, replica: string, zone: string): Promise<void> {
  const { memory, provider } = t;
  // Needed next, and made while the machine boots; whether that fails is said where they are used.
  t.authorities().catch(() => {});
  // It had a machine before, which is gone: the new one must not be taken for it, by SSH or by the cloud.
  if (memory.pin(replica)?.seen) await forgetMachine(t, replica);
  const hostKey = await bootHostKey(t, replica);
  if (!memory.pin(replica)) await memory.setPin(replica, { current: hostKey.publicKey, seen: false });
  const operator = await operatorKey(t.secrets);
  const script = bootScript({ hostKeyPrivate: hostKey.privateKey, operatorPublicKey: operator.publicKey });
  const attempt = memory.spec.attempts[replica] ?? 0;
  try {
    await provider.machines.create({
      name: replica,
      role: 'master',
      zone,
      bootScript: script,
      requestToken: requestToken(memory.spec.uid, replica, attempt),
    });
  } catch (error) {
    // A cloud remembers its final answers by their token: asked again with the same one it would only repeat them. The
    // host key stays: what failed may have been the start of a machine that is there and has it.
    if (error instanceof ProviderError && error.kind !== 'transient') await newAttempt(t, replica);
    throw error;
  }
}

export async function startMachine(t: Tools, replica: string): Promise<void> {
  t.drop(replica);
  await t.provider.machines.start(replica);
  // A provider reports the machine as running before its sshd answers; what follows is judged by what is inside.
  await t.session(replica, FIRST_LOGIN_MS);
}

export async function deleteMachine(t: Tools, replica: string): Promise<void> {
  t.drop(replica);
  await t.provider.machines.delete(replica);
  await t.secrets.remove(bootHostKeyName(replica));
  await t.memory.forget(replica);
}

export async function provision(t: Tools, replica: string, progress: Progress): Promise<void> {
  const { spec } = t.memory;
  progress('waiting for SSH');
  const identity = pkiIdentity(t, replica);
  const { internalIp, apiAddress } = identity;
  const issue = async () =>
    issueReplica(
      { ...identity, cluster: spec.name, apiPort: spec.apiPort },
      await t.authorities(),
      await kubeletAuthorities(t.secrets, spec.name),
    );
  // The machine boots meanwhile.
  const [session, pki] = await Promise.all([t.session(replica, FIRST_LOGIN_MS), issue()]);
  // The machine has its own key now. Not after the provisioning: whoever is cut off there never comes back here.
  await t.secrets.remove(bootHostKeyName(replica));
  await provisionReplica(
    session,
    {
      uid: spec.uid,
      cluster: spec.name,
      name: replica,
      internalIp,
      apiAddress,
      apiPort: spec.apiPort,
      serviceCidr: spec.serviceCidr,
      kubernetesVersion: spec.kubernetesVersion,
      etcdVersion: spec.etcdVersion,
      binaries: t.binaries,
      pki,
      encryptionKey: await encryptionKey(t.secrets),
      shutdownDelaySeconds: t.provider.drainSeconds,
      localRoute: t.provider.capabilities.deliversToApiAddress,
    },
    { signal: t.signal, progress },
  );
}

/** The one-time host key of a machine is kept until its owner has replaced it: a create may have to be repeated. */
async function bootHostKey(t: Tools, replica: string): Promise<{ privateKey: string; publicKey: string }> {
  const fresh = await makeKeyPair(replica);
  const kept = await t.secrets.putIfAbsent(bootHostKeyName(replica), JSON.stringify(fresh));
  return JSON.parse(kept) as { privateKey: string; publicKey: string };
}

/** The pin goes last: cut off before that, the next run begins here again. */
async function forgetMachine(t: Tools, replica: string): Promise<void> {
  await newAttempt(t, replica);
  await t.secrets.remove(bootHostKeyName(replica));
  await t.memory.forget(replica);
}

function newAttempt(t: Tools, replica: string): Promise<void> {
  return t.memory.updateSpec((spec) => ({
    ...spec,
    attempts: { ...spec.attempts, [replica]: (spec.attempts[replica] ?? 0) + 1 },
  }));
}

function bootHostKeyName(replica: string): string {
  return `boot-host-key.${replica}`;
}

/** 64 hex digits: the same for every retry of one request, another after each terminal answer. */
function requestToken(uid: string, replica: string, attempt: number): string {
  return createHash('sha256').update(`${uid}/${replica}/${attempt}`).digest('hex');
}
