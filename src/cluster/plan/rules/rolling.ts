import type { Rotated } from '../../model/rotated.ts';
import { type Decision, nothingToDo } from '../decision.ts';
import { tellNodes } from '../nodes/node-credentials.ts';
import { differencesOf } from '../revision/differs.ts';
import { drains, dueForChange, isWhole, type Turn, toPutBack, turn, whyNobody } from '../roll.ts';
import { turnsOf } from '../rotation.ts';
import type { Step } from '../step.ts';
import type { View } from '../view.ts';

/**
 * Where the spec was changed: everything is prepared on all replicas while they run; then one after the other goes out of the balancer's
 * targets, is stopped, changed and started (serving.ts), and becomes a target again (address.ts). A single one does it in place.
 * A change that is taken back ends with the one replica that had it put back.
 */
export function rollReplicas(v: View): Decision {
  const { change } = v.spec;
  if (!change || v.observation.changed || !v.observation.remembered.bootstrapped) return nothingToDo;
  const back = toPutBack(v);
  if (back)
    return one({
      kind: 'put-back',
      replica: back.replica.name,
      change: change.id,
      etcd: hadEtcd(v, back.replica.name),
    });
  const due = dueForChange(v);
  const unprepared = due.filter(({ replica }) => replica.inside?.staged !== change.id);
  if (unprepared.length > 0) {
    const steps = unprepared.map(
      ({ replica }): Step => ({ kind: 'stage-release', replica: replica.name, change: change.id }),
    );
    return { steps, blocked: [] };
  }
  const next = turn(v);
  if (next) return changeOne(v, next, change.id);
  const alone = v.orphans.length === 0 || !change.surge;
  if (due.length === 0 && alone && isKnown(v) && v.replicas.every((replica) => isWhole(v, replica))) {
    const nodes = tellNodes(v);
    const told = nodes.steps.length === 0 && nodes.blocked.length === 0;
    return told ? one(finish(v)) : nodes;
  }
  const blocked = whyNobody(v);
  return { steps: [], blocked: blocked ? [blocked] : [] };
}

/** What all that could be seen of the replicas should be. */
function isKnown({ observation: { wanted }, replicas }: View): boolean {
  return wanted !== undefined && replicas.every(({ name, inside }) => !inside?.revision || wanted[name]);
}

function changeOne(v: View, next: Turn, change: string): Decision {
  const { replica, cost } = next;
  const { name, inside, member } = replica;
  if (drains(next) && isTarget(v, name)) return nothingToDo;
  const stops = cost !== 'nothing' && cost !== 'reload';
  if (stops && inside!.controllers !== 'disabled') return one({ kind: 'stop-controllers', replica: name });
  // Everybody waits for what is between a single one's stop and its start, so both are one step there. Nobody waits for one that does
  // not serve, and a stop may be overtaken by systemd's next try to start it.
  const inPlace = drains(next) && v.replicas.length === 1 && inside!.apiServer === 'ready';
  if (drains(next) && !inPlace && inside!.apiServer !== 'disabled')
    return one({ kind: 'stop-api-server', replica: name });
  // All others serve, or it would be nobody's turn.
  const successor = v.replicas.find((other) => other !== replica);
  if (cost === 'etcd' && member?.leader && successor)
    return one({ kind: 'move-leader', replica: name, to: successor.name });
  return one({ kind: 'change-release', replica: name, change, cost, ...(inPlace ? { inPlace } : {}) });
}

/** Clients are still sent to it; whoever holds the address alone is asked until it stops. */
function isTarget({ observation: { balancer }, replicas }: View, name: string): boolean {
  return replicas.length > 1 && (balancer?.targets.some((target) => target.replica === name) ?? false);
}

function finish({ spec }: View): Step {
  const { begun, turned, ended } = turnsOf(spec);
  const moved = [...begun, ...turned, ...ended];
  const after = [
    ...(moved.includes('ssh') ? (['authorize-operators'] as const) : []),
    ...(turned.includes('encryption') ? (['rewrite-secrets'] as const) : []),
    ...(ended.some((what) => TOLD.has(what)) ? (['forget-authorities'] as const) : []),
  ];
  return { kind: 'finish-change', ...(after.length > 0 ? { after } : {}) };
}

/** Extension API servers are told of them. */
const TOLD: ReadonlySet<Rotated> = new Set(['ca', 'front-proxy', 'kubelet-signing']);

function hadEtcd(v: View, name: string): boolean {
  return differencesOf(v.observation, name).some(({ cost }) => cost === 'etcd');
}

function one(step: Step): Decision {
  return { steps: [step], blocked: [] };
}
