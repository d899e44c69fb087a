import { restartUnits } from '../../../replicas/lifecycle/restart-units.ts';
import type { Executor } from './executor.ts';
import { provision } from './provision.ts';

/** As a provisioning, which puts all files in place at once, and then a new start of what is meant to run. */
export const renewCertificates: Executor<'renew-certificates'> = async (
  t,
  { replica },
  progress,
  halfway,
) => {
  await provision(t, { kind: 'provision', replica }, progress, halfway);
  progress('starting again what uses them');
  await restartUnits(await t.session(replica), { signal: t.signal, progress });
};
