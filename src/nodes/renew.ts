import { pkiPath } from '../replicas/paths.ts';
import type { Waiting } from '../replicas/waiting.ts';
import type { Session } from '../ssh/session.ts';

/**
 * Gives the kubelet another serving certificate, which it takes up by itself within a minute (ReloadKubeletServerCertificateFile).
 * @throws SshError
 */
export async function renewKubeletServing(
  session: Session,
  { certPem, keyPem }: { readonly certPem: string; readonly keyPem: string },
  waiting: Waiting = {},
): Promise<void> {
  await session.pushFiles(
    [
      { path: pkiPath('kubelet.key'), content: keyPem, mode: 0o600 },
      { path: pkiPath('kubelet.crt'), content: certPem, mode: 0o644 },
    ],
    { what: "renew the kubelet's serving certificate", signal: waiting.signal },
  );
}
