import { z } from 'zod';
import { shellScript } from '../../ssh/script.ts';
import type { Session } from '../../ssh/session.ts';
import { parseJson } from '../../util/text/json.ts';
import { ReplicaError } from '../errors.ts';
import { paths } from '../paths.ts';
import type { Waiting } from '../waiting.ts';

/** A client certificate, as an API server's audit log knows it. Moments are RFC 3339. */
export interface SeenCertificate {
  readonly user: string;
  /** Of the certificate in DER, in lower-case hexadecimal. */
  readonly sha256: string;
  readonly first: string;
  readonly last: string;
  readonly requests: number;
}

export interface SeenCertificates {
  /** The first moment that the log tells of. */
  readonly since: string;
  readonly seen: readonly SeenCertificate[];
}

/** A hundred megabytes each: see kube-apiserver's unit. */
const FILES_PUT_ASIDE = 2;
const MOST_CERTIFICATES = 1000;
const TIMEOUT_MS = 20_000;

const script = shellScript('replicas/scripts/seen-certificates.sh', ['log', 'files', 'most']);
const moment = z.iso.datetime();
const lineSchema = z
  .tuple([
    moment,
    moment,
    z.coerce.number().int(),
    z.string().regex(/^[0-9a-f]{64}$/),
    // As it stands between its quotes.
    z
      .string()
      .transform((text) => parseJson(`"${text}"`))
      .pipe(z.string()),
  ])
  .transform(
    ([first, last, requests, sha256, user]): SeenCertificate => ({ user, sha256, first, last, requests }),
  );

/**
 * Who showed which client certificate to a machine's API server lately, by the `authentication.kubernetes.io/credential-id` of its audit log
 * (every supported Kubernetes: apiserver's pkg/authentication/request/x509). Nothing of any request leaves the machine.
 * @returns null where there is no log. @throws SshError, ReplicaError
 */
export async function seenCertificates(
  session: Session,
  { signal }: Waiting = {},
): Promise<SeenCertificates | null> {
  const inputs = { log: paths.auditLog, files: FILES_PUT_ASIDE, most: MOST_CERTIFICATES };
  const what = 'read the audit log';
  return parseSeen(await session.run(script(inputs), { what, timeoutMs: TIMEOUT_MS, signal }));
}

/** Exported for its tests. @throws ReplicaError */
export function parseSeen(answer: string): SeenCertificates | null {
  const [since = '', ...lines] = answer.trimEnd().split('\n');
  if (since === '') return null;
  const read = z
    .object({ since: moment, seen: z.array(lineSchema) })
    .safeParse({ since, seen: lines.map((line) => line.split('\t')) });
  if (!read.success) throw new ReplicaError('its audit log is not one of Kubernetes');
  return read.data;
}
