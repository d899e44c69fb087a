import { issueServing } from '../../../pki/issue.ts';
import { renewServingCertificate } from '../../../replicas/provision/provision.ts';
import type { Tools } from '../tools.ts';
import { pkiIdentity } from './identity.ts';

/** Gives the replica's API server a certificate that has the balancer's DNS name on it. */
export async function putBalancerName(t: Tools, replica: string): Promise<void> {
  const { spec } = t.memory;
  const issued = await issueServing('apiserver', pkiIdentity(t, replica), await t.authorities());
  await renewServingCertificate(
    await t.session(replica),
    { certificatePem: issued.certPem, keyPem: issued.keyPem, apiPort: spec.apiPort },
    { signal: t.signal },
  );
}
