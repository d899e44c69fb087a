import type { Provider } from '../../../providers/provider.ts';
import type { SessionPool } from '../../../ssh/pool.ts';
import type { Session } from '../../../ssh/session.ts';
import type { Secrets } from '../../../state/store.ts';
import { perKey } from '../../../util/per-key.ts';
import { orderOf } from '../../model/generations.ts';
import { operatorKeys } from '../keys.ts';
import type { ClusterMemory } from '../memory.ts';

/** One that has given a sign of life is slow, not dead: this is for its log-in and for its first answer. */
export const PATIENT_MS = 20_000;
/** A machine that was just told to do something. */
const WORK_MS = 60_000;

interface Parts {
  readonly pool: SessionPool;
  readonly provider: Pick<Provider, 'machines'>;
  readonly memory: Pick<ClusterMemory, 'pinRecord' | 'spec'>;
  readonly secrets: Secrets;
  readonly signal: AbortSignal;
}

/** The SSH sessions of one cluster's machines, by their names. */
export interface Sessions {
  /** The live session of a machine. @throws SshError `unreachable`; Error when the machine is not known to run. */
  session(name: string, timeoutMs?: number): Promise<Session>;
  /** Ends it: before the machine goes, or before the address that it may run through moves. */
  drop(name: string): void;
  /** Where the machine was seen to be reached; null: nowhere. */
  found(name: string, host: string | null): void;
}

export function openSessions({ pool, provider, memory, secrets, signal }: Parts): Sessions {
  const hosts = new Map<string, string>();
  const operator = perKey(
    () => orderOf(memory.spec, 'ssh').join(),
    () => operatorKeys(secrets, memory.spec),
  );
  const hostOf = async (name: string): Promise<string> => {
    const machines = await provider.machines.list();
    const host = machines.find((machine) => machine.name === name)?.sshHost;
    if (!host) throw new Error(`the machine ${name} does not run`);
    hosts.set(name, host);
    return host;
  };
  return {
    async session(name, timeoutMs = WORK_MS) {
      const host = hosts.get(name) ?? (await hostOf(name));
      const { privateKey } = await operator();
      return pool.session(
        { what: name, host, privateKey, pin: memory.pinRecord(name) },
        { timeoutMs, patientMs: PATIENT_MS, signal },
      );
    },
    drop(name) {
      pool.drop(name);
      // It may be reached elsewhere next.
      hosts.delete(name);
    },
    found(name, host) {
      if (host) hosts.set(name, host);
      else hosts.delete(name);
    },
  };
}
