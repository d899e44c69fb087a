import { adminOf } from './clusters.ts';
import { onMachine } from './inside.ts';

export interface ControllerState {
  readonly machine: string;
  readonly running: boolean;
  /** It believes itself to be the one that acts. */
  readonly active: boolean;
}

const PORTS = { 'kube-controller-manager': 10257, 'kube-scheduler': 10259 } as const;

/** What the instances of a controller say of themselves, by their own metrics, which no identity of a master may read. */
export async function controllerStates(
  cluster: string,
  machines: readonly string[],
  controller: keyof typeof PORTS,
): Promise<ControllerState[]> {
  const { certPem, keyPem } = await adminOf(cluster);
  const pem = `/run/haup-e2e-${controller}.pem`;
  return Promise.all(
    machines.map(async (machine) => {
      const { stdout } = await onMachine(
        cluster,
        machine,
        `umask 077; cat >${pem} <<'HAUP'\n${certPem}${keyPem}HAUP
         curl -sS -m 5 --cacert /etc/haup/current/pki/ca.crt --cert ${pem} https://127.0.0.1:${PORTS[controller]}/metrics
         rm -f ${pem}`,
      );
      const master = /^leader_election_master_status\{[^}]*\} (\d)/m.exec(stdout);
      return { machine, running: master !== null, active: master?.[1] === '1' };
    }),
  );
}
