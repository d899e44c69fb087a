import type { ApiClient } from '../../../kubernetes/client.ts';
import { moveAddress } from '../../../lb/move.ts';
import { issueOwnAdmin, issueServing } from '../../../pki/issue.ts';
import type { Holder } from '../../../providers/provider.ts';
import { renewServingCertificate } from '../../../replicas/provision.ts';
import { waitFor } from '../../../util/wait.ts';
import { machineOf } from '../../model/observation.ts';
import { replicaZones } from '../../model/spec.ts';
import { lacksName } from '../../plan/rules/naming.ts';
import { pkiIdentity } from './identity.ts';
import type { Progress, Tools } from './tools.ts';

/** On top of the provider's own worst case: until the API server itself answers. */
const EXTRA_PATIENCE_MS = 30_000;
/** A few of the slowest provider's health checks; on top of the provider's own wait for what it added. */
const HEALTHY_MS = 60_000;

export async function handOver(t: Tools, replica: string | null, progress: Progress): Promise<void> {
  const { spec } = t.memory;
  const from = t.seen().address!.holder;
  const to =
    replica === null ? ({ kind: 'balancer' } as const) : ({ kind: 'machine', name: replica } as const);
  if (to.kind === 'balancer') await nameTheBalancer(t, progress);
  // Where the move cuts every connection through the address, no session of ours may run over it.
  if (!t.provider.capabilities.keepsConnections) {
    for (const machine of t.seen().machines) t.drop(machine.name);
  }

  const during = whatHappens(from, to);
  const figures = t.provider.interruption(replicaZones(spec));
  const stays = from.kind === 'balancer' && to.kind === 'balancer';
  const report = await moveAddress({
    during: stays ? 'move to another zone' : during,
    api: await apiAt(t, t.seen().address!.ip),
    handOver: () => t.provider.address.handOver(to),
    handBack: mayHaveItBack(t, from, to) ? () => t.provider.address.handOver(from) : null,
    somebodyServes: t.seen().machines.some((machine) => machine.inside?.apiServer === 'ready'),
    patienceMs: (during === null ? 0 : figures[during][1] * 1000) + EXTRA_PATIENCE_MS,
    progress,
    signal: t.signal,
  });
  if (report) t.emit({ type: 'availability', report });
}

/** A holder that is dead already is nobody to give the address back to; nor is the balancer, for a zone that is lost. */
function mayHaveItBack(t: Tools, from: Holder, to: Holder): from is Exclude<Holder, { kind: 'nobody' }> {
  if (from.kind === 'machine') return machineOf(t.seen(), from.name)?.inside?.apiServer === 'ready';
  return from.kind === 'balancer' && to.kind !== 'balancer';
}

/**
 * Resolves when every target whose API server is ready is healthy, also one that an earlier run had added and not seen
 * through: a provider waits only for those that it adds.
 */
export async function setTargets(t: Tools, targets: readonly string[], progress: Progress): Promise<void> {
  progress('waiting for the health checks of the balancer');
  await t.provider.balancer.setTargets(targets);
  const able = targets.filter((name) => machineOf(t.seen(), name)?.inside?.apiServer === 'ready');
  await waitFor(
    async () => {
      const state = await t.provider.balancer.read();
      const healthy = state?.targets
        .filter((target) => target.health === 'healthy')
        .map((each) => each.replica);
      const missing = able.filter((name) => !healthy?.includes(name));
      if (missing.length > 0) throw new Error(`not healthy yet: ${missing.join(', ')}`);
      return true;
    },
    { what: 'the balancer to find its targets healthy', timeoutMs: HEALTHY_MS, signal: t.signal },
  );
}

/** The admin's view of the API server at an address. */
export async function apiAt(t: Pick<Tools, 'memory' | 'authorities'>, ip: string): Promise<ApiClient> {
  const authorities = await t.authorities();
  const { certPem, keyPem } = await issueOwnAdmin(authorities);
  return { ip, port: t.memory.spec.apiPort, caPem: authorities.kubernetes.certPem, certPem, keyPem };
}

/**
 * A balancer that has a DNS name (AWS) is reached by it: the certificates say so before clients can come that way. Whom
 * this does not reach, or a balancer that is made anew as it gets the address, is the loop's affair: plan/rules/naming.ts.
 */
async function nameTheBalancer(t: Tools, progress: Progress): Promise<void> {
  const { balancer } = t.seen();
  const unnamed = (balancer?.targets ?? []).filter(({ replica }) =>
    lacksName(machineOf(t.seen(), replica)?.inside, balancer!.dnsName),
  );
  if (unnamed.length === 0) return;
  progress("putting the balancer's DNS name on the certificates");
  await Promise.all(unnamed.map(({ replica }) => nameBalancer(t, replica)));
}

export async function nameBalancer(t: Tools, replica: string): Promise<void> {
  const { spec } = t.memory;
  const issued = await issueServing('apiserver', pkiIdentity(t, replica), await t.authorities());
  await renewServingCertificate(
    await t.session(replica),
    { certificatePem: issued.certPem, keyPem: issued.keyPem, apiPort: spec.apiPort },
    { signal: t.signal },
  );
}

function whatHappens(from: Holder, to: Holder): 'promotion' | 'demotion' | 'replacement' | null {
  if (from.kind === 'nobody') return null;
  if (to.kind === 'balancer') return 'promotion';
  return from.kind === 'balancer' ? 'demotion' : 'replacement';
}
