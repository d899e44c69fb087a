import { configPath } from '../paths.ts';
import { users } from '../provision/users.ts';
import { unitFile } from './unit.ts';

/** `haup-service-addresses.service`: runs wherever the API server runs; see settings/service-addresses.ts. */
export function serviceAddressesUnit(): string {
  return unitFile({
    description: 'External addresses of Services',
    after: ['kube-apiserver.service'],
    unit: ['PartOf=kube-apiserver.service'],
    wantedBy: 'kube-apiserver.service',
    type: 'exec',
    user: users.serviceAddresses,
    command: `/bin/bash ${configPath('service-addresses.sh')}`,
    stopSeconds: 5,
  });
}
