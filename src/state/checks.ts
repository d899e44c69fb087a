import { StoreError } from './errors.ts';

/** As `src/cluster/model/names.ts` has it; checked here again because it becomes a path or a key here. */
const clusterName = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;
const secretName = /^[a-z0-9][a-z0-9._-]{0,99}$/;

export function isClusterName(name: string): boolean {
  return clusterName.test(name);
}

/** The name again. @throws StoreError `invalid` */
export function checkClusterName(name: string): string {
  if (isClusterName(name)) return name;
  throw new StoreError(
    'invalid',
    `${JSON.stringify(name)} is not a cluster's name`,
    'use small letters, digits and dashes, a letter first, 63 at most',
  );
}

export function isSecretName(name: string): boolean {
  return secretName.test(name);
}

/** The name again. @throws StoreError `invalid` */
export function checkSecretName(name: string): string {
  if (isSecretName(name)) return name;
  throw new StoreError(
    'invalid',
    `${JSON.stringify(name)} is not a secret's name`,
    'this is a defect of haup',
  );
}
