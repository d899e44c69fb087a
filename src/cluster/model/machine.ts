import type { MachineState } from '../../providers/provider.ts';
import type { LookFailure } from './look-failure.ts';

/** A machine as it was seen; `I` is what one of its role says of itself. */
export interface SeenMachine<I> {
  readonly name: string;
  readonly zone: string;
  readonly state: MachineState;
  readonly internalIp: string;
  readonly externalIp: string | null;
  /** What the machine says of itself over SSH; null when it does not answer. */
  readonly inside: I | null;
  /** Of a running machine that does not answer: what was met instead. */
  readonly lookFailure?: LookFailure | undefined;
  /** What the machine, or the way to it, said itself. */
  readonly words?: string | undefined;
}
