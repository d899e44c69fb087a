import { moveAddress } from '../../../lb/move.ts';
import type { Holder } from '../../../providers/provider.ts';
import { machineOf } from '../../model/observation.ts';
import { replicaZones } from '../../model/spec.ts';
import { lacksName } from '../../plan/rules/naming.ts';
import { apiAt } from '../api.ts';
import { putBalancerName } from '../config/balancer-name.ts';
import type { Progress, Tools } from '../tools.ts';
import type { Executor } from './executor.ts';

/** On top of the provider's own worst case: until the API server itself answers. */
const EXTRA_PATIENCE_MS = 30_000;

export const handOver: Executor<'hand-over'> = async (t, { to }, progress) => {
  const { spec } = t.memory;
  const from = t.seen().address!.holder;
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
};

/** A holder that is dead already is nobody to give the address back to; nor is the balancer, for a zone that is lost. */
function mayHaveItBack(t: Tools, from: Holder, to: Holder): from is Exclude<Holder, { kind: 'nobody' }> {
  if (from.kind === 'machine') return machineOf(t.seen(), from.name)?.inside?.apiServer === 'ready';
  return from.kind === 'balancer' && to.kind !== 'balancer';
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
  await Promise.all(unnamed.map(({ replica }) => putBalancerName(t, replica)));
}

function whatHappens(from: Holder, to: Holder): 'promotion' | 'demotion' | 'replacement' | null {
  if (from.kind === 'nobody') return null;
  if (to.kind === 'balancer') return 'promotion';
  return from.kind === 'balancer' ? 'demotion' : 'replacement';
}
