import { configPath } from '../paths.ts';
import { users } from '../provision/users.ts';
import { unitFile } from './unit.ts';

/** `haup-addons.service`: runs wherever the API server runs; see settings/addons.ts. */
export function addonsUnit(): string {
  return unitFile({
    description: 'What runs in the cluster, as haup has it',
    after: ['kube-apiserver.service'],
    unit: ['PartOf=kube-apiserver.service'],
    wantedBy: 'kube-apiserver.service',
    type: 'exec',
    user: users.addons,
    command: `/bin/sh ${configPath('addons.sh')}`,
    stopSeconds: 5,
  });
}
