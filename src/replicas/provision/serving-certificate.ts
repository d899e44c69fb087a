import { X509Certificate } from 'node:crypto';
import { shellScript } from '../../ssh/script.ts';
import type { Session } from '../../ssh/session.ts';
import { paths, pkiPath } from '../paths.ts';
import { carryOut } from '../progress.ts';
import { unit } from '../units/names.ts';
import type { Waiting } from '../waiting.ts';
import { users } from './users.ts';

export interface ServingCertificate {
  readonly certificatePem: string;
  readonly keyPem: string;
  readonly apiPort: number;
}

/** kube-apiserver watches the files, and looks at them once a minute besides. */
const RELOAD_TIMEOUT_MS = 90_000;

const waitScript = shellScript('replicas/scripts/serving-certificate.sh', [
  ...(['units', 'unit', 'api_port', 'fingerprint'] as const),
]);

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
  await awaitServing(session, { certificatePem, apiPort }, waiting);
}

/** Resolves when the API server shows the certificate, or at once when it does not run. @throws ReplicaError, SshError */
export async function awaitServing(
  session: Session,
  { certificatePem, apiPort }: Pick<ServingCertificate, 'certificatePem' | 'apiPort'>,
  waiting: Waiting = {},
): Promise<void> {
  const { fingerprint256 } = new X509Certificate(certificatePem);
  const script = waitScript({
    ...{ units: paths.units, unit: unit.apiServer, api_port: apiPort, fingerprint: fingerprint256 },
  });
  await carryOut(
    session,
    { doing: 'renew the serving certificate', script, timeoutMs: RELOAD_TIMEOUT_MS },
    waiting,
  );
}
