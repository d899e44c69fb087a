import type { Status } from '../../src/cluster/plan/status.ts';
import { haup, NO_SUCH_THING, tryHaup } from '../../test/e2e/support/haup.ts';
import { onMachine } from '../../test/e2e/support/inside.ts';

/** One thing that goes wrong, and who sees to it. */
export interface Trouble {
  readonly kind: Kind;
  /** Machines. */
  readonly victims: readonly string[];
  /** That of all of them, where it is the zone that is hurt. */
  readonly zone?: string;
  readonly holdMs: number;
  /** `itself`: systemd, or a hand that undoes it. `guard`: nobody else. */
  readonly mendedBy: 'itself' | 'guard';
}

type Kind =
  | 'power-off'
  | 'freeze'
  | 'isolate'
  | 'wipe-disk'
  | 'zone'
  | 'stop-etcd'
  | 'kill-etcd'
  | 'stop-api-server'
  | 'kill-api-server';

/** How often each, and who can mend it. */
const KINDS: readonly (readonly [Kind, number, readonly Trouble['mendedBy'][]])[] = [
  ['power-off', 4, ['itself', 'guard']],
  ['freeze', 4, ['itself', 'itself', 'guard']],
  ['isolate', 4, ['itself', 'itself', 'guard']],
  ['zone', 2, ['itself', 'guard']],
  ['wipe-disk', 1, ['guard']],
  ['stop-etcd', 2, ['guard']],
  ['kill-etcd', 3, ['itself']],
  ['stop-api-server', 2, ['guard']],
  ['kill-api-server', 3, ['itself']],
];

/** The next one, of a cluster that is well; each of them is survived by five replicas in three zones. `random`: 0 ≤ x < 1. */
export function nextTrouble({ replicas }: Status, random: () => number, longestHoldMs: number): Trouble {
  const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!;
  const [kind, , menders] = pick(KINDS.flatMap((each) => Array.from({ length: each[1] }, () => each)));
  const leader = replicas.find(({ etcd }) => etcd.role === 'leader')!;
  // Leaders are more interesting than one in five.
  const victim = random() < 0.5 ? leader : pick(replicas);
  const zones = [...new Set(replicas.map(({ zone }) => zone))].filter(
    (zone) => replicas.filter((each) => each.zone === zone).length <= 2,
  );
  const zone = zones.includes(victim.zone) ? victim.zone : pick(zones);
  const victims = kind === 'zone' ? replicas.filter((each) => each.zone === zone) : [victim];
  return {
    kind,
    victims: victims.map(({ name }) => name),
    ...(kind === 'zone' && zone !== undefined ? { zone } : {}),
    holdMs: Math.round(1000 + random() * longestHoldMs),
    mendedBy: pick(menders),
  };
}

export async function strike(cluster: string, { kind, victims, zone }: Trouble): Promise<void> {
  await Promise.all((zone ? [zone] : victims).map((target) => hurt(cluster, kind, target)));
}

/** `target`: a machine, or a zone. */
async function hurt(cluster: string, kind: Kind, target: string): Promise<void> {
  const inside = INSIDE[kind];
  if (inside === undefined) {
    await haup('fault', '-c', cluster, kind === 'zone' ? 'power-off' : kind, target);
    return;
  }
  const { code, stderr } = await onMachine(cluster, target, inside);
  // A guard that looks in between starts it again, which cancels the stop: it was quicker than the fault.
  if (code !== 0 && !stderr.includes('canceled')) throw new Error(`${target}: ${inside}: ${stderr}`);
}

const INSIDE: Readonly<Partial<Record<Kind, string>>> = {
  'stop-etcd': 'systemctl stop etcd',
  'kill-etcd': 'systemctl kill --signal=KILL etcd',
  'stop-api-server': 'systemctl stop kube-apiserver',
  'kill-api-server': 'systemctl kill --signal=KILL kube-apiserver',
};

const CURES: Readonly<Partial<Record<Kind, string>>> = {
  'power-off': 'power-on',
  zone: 'power-on',
  freeze: 'thaw',
  isolate: 'heal',
};

/** Undoes it, where no guard is to. */
export async function mend(cluster: string, { kind, victims, mendedBy }: Trouble): Promise<void> {
  const cure = CURES[kind];
  if (mendedBy === 'guard' || cure === undefined) return;
  const ended = await Promise.all(victims.map((victim) => tryHaup(['fault', '-c', cluster, cure, victim])));
  // On a slow host a guard may have replaced it by then.
  for (const { code, stderr } of ended)
    if (code !== 0 && code !== NO_SUCH_THING) throw new Error(`${cure}: ${stderr}`);
}
