import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { parseJson } from '../../util/text/json.ts';
import { understood } from '../../util/text/understood.ts';
import { checkClusterName, checkSecretName, isClusterName } from '../checks.ts';
import { readDocument, writeDocument } from '../document.ts';
import { missingCluster, StoreError } from '../errors.ts';
import type { Secrets, Store, Stored } from '../store.ts';
import { type HeldLease, type LeaseClock, leaseHolder, neverWritten, takeLease } from './lease.ts';
import { type Objects, PERSISTENCE } from './objects.ts';
import { type ClusterRecord, readRecord, writeRecord } from './record.ts';
import type { Seal } from './seal.ts';

interface Found {
  readonly record: ClusterRecord;
  readonly version: string;
}

type SecretTexts = Readonly<Record<string, string>>;

/**
 * `<cluster>.json` is a cluster, whole ({@link ClusterRecord}); `locks/<cluster>.json` is its lease. Every write names the
 * version that it was made from, so that nobody's change is ever written over.
 * @param seal null: the secrets are stored as they are.
 */
export function bucketStore<T>(
  where: string,
  objects: Objects,
  schema: z.ZodType<T>,
  seal: Seal | null,
  clock?: LeaseClock,
): Store<T> {
  const keyOf = (cluster: string): string => `${checkClusterName(cluster)}.json`;
  const lockOf = (cluster: string): string => `locks/${checkClusterName(cluster)}.json`;
  const held = new Map<string, HeldLease>();

  /** @throws the reason when the lock that was held is no longer ours. */
  const checkLock = (cluster: string): void => held.get(cluster)?.lost.throwIfAborted();

  async function find(cluster: string): Promise<Found | null> {
    const seen = await objects.get(keyOf(cluster));
    if (seen === null) return null;
    return { record: readRecord(`${where}/${keyOf(cluster)}`, seen.text), version: seen.version };
  }

  const documentOf = (cluster: string, record: ClusterRecord): Stored<T> =>
    readDocument(cluster, `${where}/${keyOf(cluster)}`, record.document, schema);

  /**
   * Changes the cluster's object on top of what it is now, as often as somebody else is quicker.
   * @param change of the record; null: nothing is to be done.
   */
  async function update(
    cluster: string,
    change: (record: ClusterRecord) => Promise<Partial<ClusterRecord> | null>,
  ): Promise<ClusterRecord> {
    const write = randomUUID();
    for (let tries = 0; tries < PERSISTENCE; tries++) {
      checkLock(cluster);
      const found = await find(cluster);
      if (found === null) throw missingCluster(cluster);
      if (found.record.write === write) return found.record; // our own write, whose reply was lost
      const fence = held.get(cluster)?.fence ?? found.record.fence;
      if (found.record.fence > fence) throw overtaken(cluster);
      const changes = await change(found.record);
      if (changes === null) return found.record;
      const next = { ...found.record, ...changes, fence, write };
      if ((await objects.put(keyOf(cluster), writeRecord(next), found.version)) !== null) return next;
    }
    throw neverWritten(`cluster ${cluster}`);
  }

  async function read(cluster: string): Promise<Stored<T> | null> {
    const found = await find(cluster);
    return found && documentOf(cluster, found.record);
  }

  async function create(cluster: string, value: T, secrets: SecretTexts, revision: number): Promise<number> {
    for (const name of Object.keys(secrets)) checkSecretName(name);
    const write = randomUUID();
    const record = {
      fence: held.get(cluster)?.fence ?? 0,
      write,
      document: writeDocument(cluster, { value, revision }, schema),
      secrets: await closed(secrets),
    };
    if ((await objects.put(keyOf(cluster), writeRecord(record), null)) !== null) return revision;
    if ((await find(cluster))?.record.write === write) return revision; // our own, whose reply was lost
    throw new StoreError('exists', `there is a cluster ${cluster} already`, {
      to: 'choose another name',
      setting: 'cluster',
    });
  }

  async function save(cluster: string, value: T, expectedRevision: number): Promise<number> {
    const revision = expectedRevision + 1;
    const document = writeDocument(cluster, { value, revision }, schema);
    await update(cluster, async (record) => {
      const now = documentOf(cluster, record).revision;
      if (now === expectedRevision) return { document };
      throw new StoreError(
        'conflict',
        `another haup has changed cluster ${cluster} (revision ${expectedRevision} became ${now})`,
        'run the command again',
      );
    });
    return revision;
  }

  async function list(): Promise<string[]> {
    const names = (await objects.list('')).flatMap((key) => /^([^/]+)\.json$/.exec(key)?.[1] ?? []);
    return names.filter(isClusterName).sort();
  }

  async function lock(cluster: string, doing: string): Promise<HeldLease> {
    const reached = async () => (await find(cluster))?.record.fence ?? 0;
    const lease = await takeLease(objects, lockOf(cluster), `cluster ${cluster}`, doing, clock, reached);
    held.set(cluster, lease);
    try {
      // Whoever had the lock before and still believes to have it can save no more from here on.
      if (await find(cluster)) await update(cluster, async () => ({}));
    } catch (error) {
      held.delete(cluster);
      await lease.release();
      throw error;
    }
    return {
      ...lease,
      async release() {
        held.delete(cluster);
        const seen = await objects.get(keyOf(cluster)).catch(() => undefined);
        await lease.release(seen === null ? 'gone' : undefined);
      },
    };
  }

  const closed = async (secrets: SecretTexts): Promise<string | Record<string, string>> =>
    seal ? seal.close(JSON.stringify(secrets)) : { ...secrets };
  const opened = new Map<string, SecretTexts>();
  const open = async ({ secrets }: ClusterRecord): Promise<SecretTexts> => {
    if (typeof secrets !== 'string') return secrets;
    if (!seal) throw noKey(where);
    const known = opened.get(secrets) ?? readSecrets(where, await seal.open(secrets));
    opened.clear();
    opened.set(secrets, known);
    return known;
  };

  function secretsOf(cluster: string): Secrets {
    keyOf(cluster);
    const get = async (name: string): Promise<string | null> => {
      checkSecretName(name);
      const found = await find(cluster);
      return found ? ((await open(found.record))[name] ?? null) : null;
    };
    const edit = (change: (secrets: SecretTexts) => SecretTexts | null) =>
      update(cluster, async (record) => {
        const next = change(await open(record));
        return next && { secrets: await closed(next) };
      });
    return {
      async all() {
        const found = await find(cluster);
        return found ? await open(found.record) : {};
      },
      get,
      async put(name, text) {
        checkSecretName(name);
        await edit((secrets) => ({ ...secrets, [name]: text }));
      },
      async putIfAbsent(name, text) {
        checkSecretName(name);
        const record = await edit((secrets) => (name in secrets ? null : { ...secrets, [name]: text }));
        return (await open(record))[name] ?? text;
      },
      async remove(name) {
        checkSecretName(name);
        if (!(await find(cluster))) return;
        await edit((secrets) => {
          const { [name]: gone, ...rest } = secrets;
          return gone === undefined ? null : rest;
        });
      },
    };
  }

  return {
    list,
    read,
    create: (cluster, value, secrets = {}, revision = 1) => create(cluster, value, secrets, revision),
    save,
    async remove(cluster) {
      checkLock(cluster);
      await objects.remove(keyOf(cluster));
    },
    secrets: secretsOf,
    holder: (cluster) => leaseHolder(objects, lockOf(cluster)),
    lock: (cluster, { doing }) => lock(cluster, doing),
  };
}

function overtaken(cluster: string): StoreError {
  return new StoreError(
    'conflict',
    `another haup has taken the lock of cluster ${cluster} over, since this one did not renew it in time`,
    { to: 'see what is, and who is at work', command: 'status' },
  );
}

const secretsSchema = z.record(z.string(), z.string());

function readSecrets(where: string, text: string): SecretTexts {
  const refuse = (how: string): StoreError =>
    new StoreError(
      'corrupt',
      `the secrets in ${where} are not what haup writes: ${how}`,
      'bring the last good version of the object back from the bucket',
    );
  return understood(secretsSchema, parseJson(text), refuse, 'the whole');
}

function noKey(where: string): StoreError {
  return new StoreError(
    'sealed',
    `the secrets in ${where} are sealed, and no key was given`,
    'name the file of the key that they were sealed for in HAUP_STORE_IDENTITY',
  );
}
