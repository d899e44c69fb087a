import { randomBytes } from 'node:crypto';
import { type Authorities, createAuthorities } from '../../../../src/pki/authorities.ts';
import { type Issued, issueClient } from '../../../../src/pki/issue.ts';
import { kubeconfig } from '../../../../src/pki/kubeconfig.ts';

/** A cluster as a kubeconfig sees it. */
export interface Known {
  readonly uid: string;
  readonly authorities: Authorities;
  readonly admin: Issued;
}

export async function known(name = 'demo'): Promise<Known> {
  const authorities = await createAuthorities(name);
  return { uid: randomBytes(8).toString('hex'), authorities, admin: await issueClient('admin', authorities) };
}

/** What `haup kubeconfig` prints; `unmarked` as an older haup did. */
export function printed(
  cluster: Known,
  name: string,
  options: { readonly server?: string; readonly unmarked?: boolean; readonly admin?: Issued } = {},
): string {
  return kubeconfig({
    cluster: name,
    ...(options.unmarked ? {} : { uid: cluster.uid }),
    server: options.server ?? 'https://198.18.0.10:443',
    caPem: cluster.authorities.kubernetes.certPem,
    ...(options.admin ?? cluster.admin),
  });
}
