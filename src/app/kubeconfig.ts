import { createHash, X509Certificate } from 'node:crypto';
import { z } from 'zod';
import type { ApiClient } from '../kubernetes/client.ts';
import { bindClusterAdmins, CLUSTER_ADMINS, isAdministrator } from '../kubernetes/cluster-admins.ts';
import { type Authorities, believed } from '../pki/authorities.ts';
import { type Issued, issueOwnAdmin, issueUser } from '../pki/issue.ts';
import { kubeconfig } from '../pki/kubeconfig.ts';
import type { Secrets } from '../state/store.ts';
import { messageOf } from '../util/failure.ts';
import { parseJson } from '../util/text/json.ts';
import { rfc3339 } from '../util/text/rfc3339.ts';
import { waitFor } from '../util/wait.ts';

/** Every API server learns of a new binding by its own watch. */
const BOUND_WITHIN_MS = 10_000;

/** For whom a kubeconfig is to be, and for how long. */
export interface Access {
  readonly user: string;
  /** Empty: an administrator, by {@link CLUSTER_ADMINS}. */
  readonly groups: readonly string[];
  readonly ttlMs: number;
  /** `system:masters`: works while RBAC is broken, and nothing but a new authority takes it back. */
  readonly breakGlass: boolean;
}

export interface NewKubeconfig {
  /** Holds a private key. */
  readonly text: string;
  /** What its user should know: that it is in no list, or that nobody could see yet that it opens the cluster. */
  readonly warnings: readonly string[];
}

const issuedSchema = z.strictObject({
  user: z.string(),
  groups: z.array(z.string()),
  /** ISO 8601, both. */
  issued: z.string(),
  expires: z.string(),
  /** Of the certificate, in hexadecimal. */
  serial: z.string(),
  /** Of the certificate in DER, in hexadecimal, as the API server's audit log has it; an older haup did not note it. */
  sha256: z.string().optional(),
});

/** What the store remembers of a kubeconfig that was handed out; the key is nowhere but in the kubeconfig. */
export type IssuedKubeconfig = z.infer<typeof issuedSchema>;

const PREFIX = 'issued-';

interface Cluster {
  readonly name: string;
  readonly uid: string;
  readonly apiPort: number;
  /** What the kubeconfig leads to: an address or a DNS name. */
  readonly host: string;
  /** Where haup itself asks the API. */
  readonly ip: string | null;
}

/** Makes a kubeconfig with a key of its own, notes in the store that it was issued, and proves an administrator's. */
export async function makeKubeconfig(
  cluster: Cluster,
  access: Access,
  tools: {
    readonly authorities: Authorities;
    readonly secrets: Secrets;
    readonly now: () => number;
    readonly signal: AbortSignal;
  },
): Promise<NewKubeconfig> {
  const { authorities, secrets, now, signal } = tools;
  const caPem = believed(authorities.kubernetes);
  const isBound = !access.breakGlass && access.groups.length === 0;
  const groups = access.breakGlass ? ['system:masters'] : isBound ? [CLUSTER_ADMINS] : access.groups;
  const lifetime = { now: now(), lifetimeMs: access.ttlMs };
  const issued = await issueUser({ name: access.user, groups }, authorities, lifetime);
  const warnings: string[] = [];
  const warn = (what: string) => (error: unknown) => {
    signal.throwIfAborted();
    warnings.push(`${what}: ${messageOf(error)}`);
  };
  await note(secrets, access.user, groups, issued, now()).catch(
    warn('the store could not note it, so the list of what was handed out will not show it'),
  );
  const { name, uid, host, apiPort, ip } = cluster;
  if (isBound && ip !== null) {
    const api = { ip, port: apiPort, caPem };
    const own = async () => ({ ...api, ...(await issueOwnAdmin(authorities)) });
    await prove({ ...api, ...issued }, await own(), signal).catch(
      warn(
        `nobody could see that it opens the cluster, for which the API has to bind ${CLUSTER_ADMINS} once`,
      ),
    );
  }
  const text = kubeconfig({ cluster: name, uid, server: `https://${host}:${apiPort}`, caPem, ...issued });
  return { text, warnings };
}

/** Binds the administrators' group and waits until the new one is believed. */
async function prove(user: ApiClient, own: ApiClient, signal: AbortSignal): Promise<void> {
  await bindClusterAdmins(own, signal);
  const opens = () => isAdministrator(user, signal);
  await waitFor(opens, { what: 'the rights of the new user', timeoutMs: BOUND_WITHIN_MS, signal });
}

async function note(
  secrets: Secrets,
  user: string,
  groups: readonly string[],
  { certPem }: Issued,
  now: number,
): Promise<void> {
  const certificate = new X509Certificate(certPem);
  const serial = certificate.serialNumber.toLowerCase();
  const expires = rfc3339(certificate.validTo);
  const entry: IssuedKubeconfig = {
    user,
    groups: [...groups],
    issued: rfc3339(now),
    expires,
    serial,
    sha256: createHash('sha256').update(certificate.raw).digest('hex'),
  };
  // One a certificate: two who issue at the same time do not write over each other's.
  await secrets.putIfAbsent(`${PREFIX}${serial}`, `${JSON.stringify(entry)}\n`);
  for (const { serial: old } of (await notedKubeconfigs(secrets)).filter((one) => hasEnded(one, now)))
    await secrets.remove(`${PREFIX}${old}`);
}

/** Those that were handed out and have not ended, the newest last. */
export async function issuedKubeconfigs(
  secrets: Pick<Secrets, 'all'>,
  now: number,
): Promise<IssuedKubeconfig[]> {
  return (await notedKubeconfigs(secrets)).filter((one) => !hasEnded(one, now));
}

export function hasEnded({ expires }: IssuedKubeconfig, now: number): boolean {
  return Date.parse(expires) < now;
}

/** Those too that have ended, until the next one is handed out. */
export async function notedKubeconfigs(secrets: Pick<Secrets, 'all'>): Promise<IssuedKubeconfig[]> {
  const all = Object.entries(await secrets.all()).filter(([name]) => name.startsWith(PREFIX));
  return all
    .flatMap(([, text]) => issuedSchema.safeParse(parseJson(text)).data ?? [])
    .sort((a, b) => (a.issued < b.issued ? -1 : 1));
}
