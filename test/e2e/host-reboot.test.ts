import { test } from 'vitest';
import { whole } from '../support/whole.ts';
import { useClusters } from './support/clusters.ts';
import { haup } from './support/haup.ts';
import { expectBackAfterReboot } from './support/reboot.ts';

/** With three it is one of the stories of heal.test.ts. */
const CLUSTER = 'e2e-reboot-one';
useClusters(CLUSTER);

test.runIf(whole)(
  'a reboot of the host: haup repair brings one back, at the same address and with its data',
  async () => {
    await haup('create', '-c', CLUSTER, '--zone', 'local-a', '--multizone');
    await expectBackAfterReboot(CLUSTER);
  },
);
