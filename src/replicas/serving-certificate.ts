import { X509Certificate } from 'node:crypto';
import type { Session } from '../ssh/session.ts';
import { paths, pkiPath } from './paths.ts';
import { carryOut } from './progress.ts';
import { unit } from './units/names.ts';
import { users } from './users.ts';
import type { Waiting } from './waiting.ts';

export interface ServingCertificate {
  readonly certificatePem: string;
  readonly keyPem: string;
  readonly apiPort: number;
}

/** kube-apiserver watches the files, and looks at them once a minute besides. */
const RELOAD_TIMEOUT_MS = 90_000;

/**
 * Gives the API server another serving certificate, which it takes up while it runs. Resolves when it shows it, or at
 * once when it does not run.
 * @throws ReplicaError, SshError
 */
export async function renewServingCertificate(
  session: Session,
  options: ServingCertificate,
  waiting: Waiting = {},
): Promise<void> {
  const { certificatePem, keyPem, apiPort } = options;
  await session.pushFiles(
    [
      { path: pkiPath('apiserver.key'), content: keyPem, mode: 0o600, owner: users.kube },
      { path: pkiPath('apiserver.crt'), content: certificatePem, mode: 0o644 },
    ],
    { what: 'renew the serving certificate', signal: waiting.signal },
  );
  const { fingerprint256 } = new X509Certificate(certificatePem);
  const script = `[ -e ${paths.units}/${unit.apiServer} ] && systemctl is-active -q ${unit.apiServer} || exit 0
for look in $(seq 20); do
  shown=$(openssl s_client -connect 127.0.0.1:${apiPort} </dev/null 2>/dev/null | openssl x509 -noout -fingerprint -sha256)
  [ "\${shown#*=}" != '${fingerprint256}' ] || exit 0
  sleep 0.1
done
not_yet ${unit.apiServer} 'the API server: its new certificate'
`;
  await carryOut(
    session,
    { doing: 'renew the serving certificate', script, timeoutMs: RELOAD_TIMEOUT_MS },
    waiting,
  );
}
