import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureBinaries } from '../../artifacts/ensure.ts';
import { openBundle } from '../../backup/bundle.ts';
import { BackupError } from '../../backup/errors.ts';
import { type Backup, chosen, listBackups, noteVerified } from '../../backup/list.ts';
import { type Access, withRestic } from '../../backup/restic.ts';
import { dataOf, freePort, put, type ThrowAway, throwAway, verdict } from '../../backup/throw-away.ts';
import { repositoryAccess } from '../../cluster/world/backup.ts';
import { keptAuthorities, keptEncryptionKeys, keptKubeletAuthorities } from '../../cluster/world/keys.ts';
import type { ClusterState } from '../../cluster/world/memory.ts';
import { type ApiClient, callApi } from '../../kubernetes/client.ts';
import { believed } from '../../pki/authorities.ts';
import { issueOwnAdmin } from '../../pki/issue.ts';
import { issueReplica } from '../../pki/replica.ts';
import { encryptionConfiguration } from '../../replicas/settings/encryption.ts';
import { QUOTA_BYTES } from '../../replicas/units/etcd.ts';
import { messageOf } from '../../util/failure.ts';
import { rfc3339 } from '../../util/text/rfc3339.ts';
import { GiveUp, waitFor } from '../../util/wait.ts';
import type { Environment } from '../operations.ts';
import { tellProgress } from '../progress-text.ts';
import { backedUp, stateIn } from './backup-parts.ts';

export interface Verified {
  readonly backup: Backup;
  /** That an API server has read, Secrets among them, which were decrypted. */
  readonly objects: number;
  readonly secrets: number;
}

const RESTORE_MS = 60 * 60_000;
const START_MS = 120_000;
const READ_MS = 60_000;
/** Of a page of 200 objects. */
const PAGE_BYTES = 300 * 1024 * 1024;

/**
 * Restores a backup for real, on this machine: etcd on a socket in a folder of ours, and an API server on loopback that reads every object
 * and decrypts every Secret, with the keys that are sealed in the backup. Nothing of the cluster is touched.
 * @throws BackupError which says what is wrong with it
 */
export function verifyBackup(
  env: Environment,
  cluster: string,
  asked: string | undefined,
): Promise<Verified> {
  return env.looking(cluster, async ({ world, secrets: stored }) => {
    const spec = backedUp(world.spec());
    const access = await repositoryAccess(spec, stored);
    const { kubernetesVersion, etcdVersion, uid } = spec;
    const { folder: programs } = await ensureBinaries({
      ...{ kubernetesVersion, etcdVersion, signal: env.signal, environment: env.environment },
      onProgress: tellProgress(env.emit),
    });
    return proven(access, env, { programs, uid, asked });
  });
}

/** @param from.programs the folder of etcd's and Kubernetes'. @throws BackupError */
export function proven(
  access: Access,
  env: Pick<Environment, 'emit' | 'signal' | 'environment' | 'identity' | 'now'>,
  from: { readonly programs: string; readonly uid: string; readonly asked: string | undefined },
): Promise<Verified> {
  const say = (message: string) => env.emit({ type: 'progress', topic: 'verify', message });
  return throwAway(from.programs, async (t) => {
    const restored = join(t.folder, 'restored');
    const backup = await withRestic(access, env, async (restic) => {
      const found = chosen(await listBackups(restic), from.asked, from.uid, env.now());
      say(`fetching the backup ${found.id}`);
      const restore = ['--no-lock', 'restore', found.id, '--target', restored];
      await restic(restore, { timeoutMs: RESTORE_MS, patient: true });
      return found;
    });
    const files = await readdir(restored, { recursive: true });
    const find = (name: string): string => {
      const path = files.find((file) => file.split('/').at(-1) === name);
      if (path) return join(restored, path);
      throw new BackupError('damaged', `the backup ${backup.id} holds no ${name}`);
    };
    say('making data of its snapshot');
    const facts = await dataOf(t, find('etcd.db'));
    if (
      facts.hash !== backup.hash ||
      facts.revision !== backup.etcdRevision ||
      facts.totalKey !== backup.keys
    )
      throw new BackupError(
        'damaged',
        `the snapshot in the backup ${backup.id} is not the one that was taken`,
      );
    const sealed = await openBundle(await readFile(find('sealed.age'), 'utf8'), env.identity);
    const { spec } = stateIn(sealed);
    if (spec.uid !== from.uid)
      throw new BackupError('refused', `the backup ${backup.id} is of another cluster named ${spec.name}`);
    say('starting etcd and an API server');
    const api = await startApi(t, spec, sealed.secrets, env.signal);
    say('reading every object');
    const read = await readAll(api, env.signal);
    return { backup: await noted(access, env, backup), ...read };
  });
}

/** That it could not be noted makes it no worse. */
async function noted(
  access: Access,
  env: Pick<Environment, 'emit' | 'signal' | 'environment' | 'now'>,
  backup: Backup,
): Promise<Backup> {
  const verified = rfc3339(env.now());
  try {
    await withRestic(access, env, (restic) => noteVerified(restic, backup, verified));
  } catch (error) {
    env.signal.throwIfAborted();
    env.emit({ type: 'warning', message: `could not note that the backup is good: ${messageOf(error)}` });
  }
  return { ...backup, verified };
}

async function startApi(
  t: ThrowAway,
  spec: ClusterState['spec'],
  secrets: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<ApiClient> {
  const sealed = { get: async (name: string) => secrets[name] ?? null };
  const needed = <T>(what: string, kept: T | null): T => {
    if (kept !== null) return kept;
    throw new BackupError('damaged', `the keys that are sealed in the backup lack ${what}`);
  };
  const authorities = needed('the authorities', await keptAuthorities(sealed, spec));
  const ip = '127.0.0.1';
  const pki = await issueReplica(
    {
      ...{ cluster: spec.name, apiPort: spec.apiPort, name: 'verify', internalIp: ip, apiAddress: ip },
      ...{ staticExternalIp: null, balancerDnsName: null },
      ...{ serviceCidr: spec.serviceCidr, clusterDomain: 'cluster.local' },
    },
    authorities,
    needed("the kubelets' authorities", await keptKubeletAuthorities(sealed, spec)),
  );
  await put(t, Object.fromEntries([...pki].map(([file, { pem }]) => [`pki/${file}`, pem])));
  const encryptionKeys = needed('the key of the encryption', await keptEncryptionKeys(sealed, spec));
  await put(t, { 'encryption.yaml': encryptionConfiguration(encryptionKeys) });
  const at = (file: string): string => join(t.folder, file);
  const socket = `unix://${at('etcd.sock')}`;
  const port = await freePort();
  const etcd = t.start('etcd', [
    ...['--data-dir', at('data'), '--log-level', 'warn', '--quota-backend-bytes', String(QUOTA_BYTES)],
    ...['--listen-client-urls', socket, '--advertise-client-urls', socket],
    ...['--listen-peer-urls', `unix://${at('peer.sock')}`],
  ]);
  const server = t.start('kube-apiserver', [
    ...[
      `--etcd-servers=${socket}`,
      `--bind-address=${ip}`,
      `--secure-port=${port}`,
      `--advertise-address=${ip}`,
    ],
    ...['--endpoint-reconciler-type=none', `--service-cluster-ip-range=${spec.serviceCidr}`],
    ...[`--tls-cert-file=${at('pki/apiserver.crt')}`, `--tls-private-key-file=${at('pki/apiserver.key')}`],
    ...[`--client-ca-file=${at('pki/client-ca.crt')}`, '--authorization-mode=RBAC'],
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--service-account-key-file=${at('pki/sa.pub')}`,
    `--service-account-signing-key-file=${at('pki/sa.key')}`,
    `--encryption-provider-config=${at('encryption.yaml')}`,
  ]);
  const admin = await issueOwnAdmin(authorities);
  const api: ApiClient = { ip, port, caPem: believed(authorities.kubernetes), ...admin };
  await waitFor(
    async () => {
      const trouble = etcd() || server();
      if (trouble) throw new GiveUp(verdict(`the backup does not start: ${trouble}`));
      const answer = await callApi(api, { path: '/api', timeoutMs: 5_000, signal }).catch(() => null);
      return answer?.status === 200 ? true : undefined;
    },
    { what: 'an API server that serves the backup', timeoutMs: START_MS, signal },
  );
  return api;
}

/** Every object of every kind that the server itself keeps. */
async function readAll(api: ApiClient, signal: AbortSignal): Promise<{ objects: number; secrets: number }> {
  const get = async (path: string): Promise<Listed> => {
    const { status, text } = await callApi(api, { path, timeoutMs: READ_MS, maxBytes: PAGE_BYTES, signal });
    if (status === 200) return JSON.parse(text) as Listed;
    const words = /"message":"((?:[^"\\]|\\.)*)"/.exec(text)?.[1] ?? String(status);
    throw new BackupError('damaged', `the API server cannot read ${path.replace(/\?.*/, '')}: ${words}`);
  };
  const { groups = [] } = await get('/apis');
  const roots = [
    '/api/v1',
    ...groups.map(({ preferredVersion }) => `/apis/${preferredVersion.groupVersion}`),
  ];
  let [objects, secrets] = [0, 0];
  for (const root of roots) {
    const { resources = [] } = await get(root);
    for (const { name, verbs } of resources) {
      // What can be listed and not watched, the server makes up.
      if (!verbs.includes('list') || !verbs.includes('watch')) continue;
      for (let from: string | undefined = ''; from !== undefined; ) {
        const page: Listed = await get(`${root}/${name}?limit=200&continue=${encodeURIComponent(from)}`);
        const count = page.items?.length ?? 0;
        objects += count;
        if (root === '/api/v1' && name === 'secrets') secrets += count;
        from = page.metadata?.continue || undefined;
      }
    }
  }
  return { objects, secrets };
}

interface Listed {
  readonly groups?: readonly { readonly preferredVersion: { readonly groupVersion: string } }[];
  readonly resources?: readonly { readonly name: string; readonly verbs: readonly string[] }[];
  readonly items?: readonly unknown[];
  readonly metadata?: { readonly continue?: string };
}
