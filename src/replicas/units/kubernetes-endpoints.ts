import { configPath } from '../paths.ts';
import { users } from '../provision/users.ts';
import { unitFile } from './unit.ts';

/** `kubernetes-endpoints.service`: runs wherever the API server runs; see settings/kubernetes-endpoints.ts. */
export function kubernetesEndpointsUnit(): string {
  return unitFile({
    description: 'Endpoints of the kubernetes service',
    after: ['kube-apiserver.service'],
    unit: ['PartOf=kube-apiserver.service'],
    wantedBy: 'kube-apiserver.service',
    type: 'exec',
    user: users.endpoints,
    command: `/bin/sh ${configPath('kubernetes-endpoints.sh')}`,
    stopSeconds: 5,
  });
}
