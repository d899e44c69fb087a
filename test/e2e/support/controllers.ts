import { apiClient } from '../../../src/replicas/settings/api-client.ts';
import { onMachine } from './inside.ts';

export interface ControllerState {
  readonly machine: string;
  readonly running: boolean;
  /** It believes itself to be the one that acts. */
  readonly active: boolean;
}

const PORTS = { 'kube-controller-manager': 10257, 'kube-scheduler': 10259 } as const;

/** What the instances of a controller say of themselves, by their own metrics. */
export function controllerStates(
  cluster: string,
  machines: readonly string[],
  controller: keyof typeof PORTS,
): Promise<ControllerState[]> {
  return Promise.all(
    machines.map(async (machine) => {
      const { stdout } = await onMachine(
        cluster,
        machine,
        `${apiClient(443, 5)} api https://127.0.0.1:${PORTS[controller]}/metrics`,
      );
      const master = /^leader_election_master_status\{[^}]*\} (\d)/m.exec(stdout);
      return { machine, running: master !== null, active: master?.[1] === '1' };
    }),
  );
}
