import type { MemberState } from '../model/sight.ts';
import { type CutOff, cutOff, isDoubtful } from '../plan/cut-off.ts';
import type { Member } from './member.ts';

/** The members' states in the light of each other: who is lost while nobody answers is only not seen. */
export interface Outlook {
  /** Some member was asked once more, or some time has passed. */
  look(): void;
  /** `state`: what the member says of itself, or of something in it. */
  stateOf(member: Member, state: MemberState): MemberState;
}

export interface OutlookOptions {
  readonly members: ReadonlyMap<string, Member>;
  readonly now: () => number;
  /** Somebody's state is another in this light. */
  readonly onChange: () => void;
}

export function openOutlook({ members, now, onChange }: OutlookOptions): Outlook {
  let cut: CutOff | null = null;
  let doubtful: readonly string[] = [];
  return {
    look() {
      const all = [...members].map(([name, member]) => ({ name, health: member.health() }));
      const healths = all.map(({ health }) => health);
      cut = cutOff(cut, healths, now());
      const before = doubtful;
      doubtful = all
        .filter(({ health }) =>
          isDoubtful(
            health,
            healths.filter((other) => other !== health),
            cut,
          ),
        )
        .map(({ name }) => name);
      if (doubtful.join() !== before.join()) onChange();
    },
    stateOf: (member, state) =>
      state === 'lost' && member.state() === 'lost' && doubtful.includes(member.name) ? 'unseen' : state,
  };
}
