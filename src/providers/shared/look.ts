/** How long a look waits for a state in between to pass: one that lasts must not hide the other machines. */
const LOOK_MS = 30_000;

/** What the clouds' machines are told apart by; `M` is one as its cloud shows it. */
export interface MovingMachines<M> {
  readonly idOf: (machine: M) => string;
  /** It is between two states: pending, stopping. */
  readonly isMoving: (machine: M) => boolean;
  /** Waits until that is over, or for so long. Null: it is gone by then. */
  readonly settled: (machine: M, patienceMs: number) => Promise<M | null>;
}

/** Makes what shows a machine as a look does. Who was waited for in vain is not waited for again while it stays so. */
export function openLook<M>({
  idOf,
  isMoving,
  settled,
}: MovingMachines<M>): (machine: M) => Promise<M | null> {
  const stuck = new Set<string>();
  return async (machine) => {
    if (!isMoving(machine)) stuck.delete(idOf(machine));
    if (!isMoving(machine) || stuck.has(idOf(machine))) return machine;
    const now = await settled(machine, LOOK_MS);
    if (now && isMoving(now)) stuck.add(idOf(now));
    return now;
  };
}
