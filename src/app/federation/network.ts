import { Refusal } from '../../cluster/model/errors.ts';
import type { MemberStep } from '../../federation/members/join.ts';
import type { Groups } from '../../providers/networks.ts';

/** The network of one of haup's own clusters. */
export interface OwnNetwork {
  readonly cluster: string;
  readonly uid: string;
  readonly provider: string;
  /** Its machines reach other clusters anyway. */
  readonly reachesOthers: boolean;
  /** Null where networks cannot be let reach each other. */
  readonly groups: Groups | null;
}

/**
 * What is missing until the federation's masters reach the member, and its pods the Services of other members. A federation's group is
 * called by its uid. `member`: null where the member is none of haup's.
 * @throws Refusal where the one can never reach the other
 */
export async function connectSteps(
  federation: OwnNetwork,
  cluster: string,
  member: OwnNetwork | null,
): Promise<MemberStep[]> {
  if (federation.reachesOthers && (member === null || member.reachesOthers)) return [];
  const sides = [federation, ...(member === null ? [] : [member])];
  const together = member !== null && member.provider === federation.provider;
  if (!together || sides.some(({ groups }) => groups === null))
    throw new Refusal(
      `the masters of ${federation.cluster} cannot reach ${cluster}: what the ${closed(sides)} provider makes reaches its own clusters alone`,
      `make the federation where its members are`,
    );
  const steps: MemberStep[] = [];
  for (const { groups, cluster: name } of sides) {
    if (groups === null || ((await groups.list()).includes(federation.uid) && (await groups.inForce())))
      continue;
    steps.push({
      text: `let the network of ${name} reach the APIs and Services of the federation's clusters`,
      run: () => groups.join(federation.uid),
    });
  }
  return steps;
}

/** The last of a leave: until then the federation has to reach it. */
export async function disconnectSteps(
  federation: OwnNetwork,
  member: OwnNetwork | null,
): Promise<MemberStep[]> {
  const groups = member?.groups;
  if (!groups || (!(await groups.list()).includes(federation.uid) && (await groups.inForce()))) return [];
  return [
    {
      text: `cut the network of ${member.cluster} off from those of the federation's clusters`,
      run: () => groups.leave(federation.uid),
    },
  ];
}

function closed(sides: readonly OwnNetwork[]): string {
  return (sides.find(({ reachesOthers }) => !reachesOthers) ?? sides[0]!).provider;
}
