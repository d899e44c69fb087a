import { list, text, toggle } from '../flag.ts';
import * as values from '../input/values.ts';
import { kubeUp } from '../input/variables.ts';

// What to do, and how to say it.

export const dryRun = toggle('dry-run', 'print the whole plan and change nothing');
export const allCertificates = toggle('all', 'all of them, whatever is left of their lives');
export const abandon = toggle('abandon', 'settle for what is there, instead of finishing what was begun');
export const documentFile = text(
  'filename',
  'FILE',
  'the document, as haup config show prints it; -: standard input',
  values.filePath,
  {
    short: 'f',
  },
);
export const rollback = toggle('rollback', 'go back to the version from which the last upgrade came');
export const finalize = toggle('finalize', 'end the last upgrade: the new version in full, and no way back');
export const withoutBackup = toggle(
  'without-backup',
  'go on without a backup before it, where there are backups',
);
export const finishRotation = toggle('finish', 'give up the old ones: nobody believes them any more');
export const forceRotation = toggle(
  'force',
  'whoever still uses the old ones, or cannot be told of the new ones, is left behind',
);
export const replaceFirst = list(
  'replace',
  'NAME',
  'a replica that somebody else may have been on: replaced first; may be repeated',
  values.replicaName,
);
export const surge = toggle(
  'surge',
  'a single replica: a successor takes the address over, which interrupts less than its restart',
);
export const fenced = list(
  'fenced',
  'NAME',
  'a replica that cannot be reached and, you say, stays away for good; may be repeated',
  values.replicaName,
);
export const replicateExistingMaster = toggle(
  'replicate-existing-master',
  'add a replica to a cluster that exists',
  kubeUp('KUBE_REPLICATE_EXISTING_MASTER'),
);
export const deleteNodes = toggle(
  'delete-nodes',
  'false: remove one replica; true: delete the cluster, if one replica is left',
  kubeUp('KUBE_DELETE_NODES'),
  true,
);
export const replicaName = text('replica-name', 'NAME', 'the replica to remove', values.replicaName, {
  defaultText: 'any one in the zone',
  ...kubeUp('KUBE_REPLICA_NAME'),
});
export const changeReport = text(
  'report',
  'FILE',
  'a page of what was done when, and of how the API answered meanwhile; of the plan with --dry-run; the same in JSON beside it',
  values.filePath,
  { defaultText: 'none' },
);
