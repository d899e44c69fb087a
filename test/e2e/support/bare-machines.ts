import type { Machine, MachineRole, Provider } from '../../../src/providers/provider.ts';
import { bootScript } from '../../../src/replicas/provision/boot.ts';
import type { PinnedHostKey } from '../../../src/ssh/hostkey.ts';
import { makeKeyPair } from '../../../src/ssh/keys.ts';
import { SessionPool } from '../../../src/ssh/pool.ts';
import type { Session } from '../../../src/ssh/session.ts';

/** Machines of a cluster that no store knows: what is on them is put there by a test, from haup's own parts. */
export interface BareMachines {
  readonly pool: SessionPool;
  machine(name: string): Promise<Machine>;
  session(name: string): Promise<Session>;
  make(name: string, role: MachineRole, zone: string): Promise<void>;
}

export function bareMachines(provider: () => Provider): BareMachines {
  const operator = makeKeyPair('haup');
  const pins = new Map<string, PinnedHostKey>();
  const pool = new SessionPool();
  const machine = async (name: string) => (await provider().machines.list()).find((m) => m.name === name)!;
  return {
    pool,
    machine,
    async session(name) {
      const pin = {
        read: async () => pins.get(name)!,
        save: async (p: PinnedHostKey) => void pins.set(name, p),
      };
      const { sshHost } = await machine(name);
      const where = { what: name, host: sshHost!, privateKey: operator.privateKey, pin };
      return pool.session(where, { timeoutMs: 120_000 });
    },
    async make(name, role, zone) {
      const hostKey = makeKeyPair(name);
      pins.set(name, { current: hostKey.publicKey, seen: false });
      const script = bootScript({
        hostKeyPrivate: hostKey.privateKey,
        operatorPublicKeys: [operator.publicKey],
      });
      await provider().machines.create({ name, role, zone, bootScript: script, requestToken: name });
    },
  };
}
