import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { find } from '../../src/federation/controller/api.ts';
import type { Controller } from '../../src/federation/controller/controller.ts';
import { leaveSteps } from '../../src/federation/members/leave.ts';
import {
  collectionPath,
  type KindName,
  kindNames,
  kinds,
  objectPath,
} from '../../src/federation/model/kinds.ts';
import { FEDERATION_LABEL } from '../../src/federation/model/names.ts';
import { type ApiObject, type Fields, fieldsOf } from '../../src/federation/model/object.ts';
import { type ApiServer, startApiServer } from '../support/api-server.ts';
import { apply, control, joinAs, prepareFederation, until } from '../support/federation.ts';

/** Real API servers with etcd, and nothing beside them: a federation and a member. The controller has the rights that it has on a master. */
const FEDERATION = 'world';
let federation: ApiServer;
let member: ApiServer;
let controller: Controller;

describe('a federation of real API servers', () => {
  beforeAll(async () => {
    [federation, member] = (await Promise.all(['world', 'eu'].map(startApiServer))) as [ApiServer, ApiServer];
    await prepareFederation(federation);
    await joinAs(federation, FEDERATION, member, 'eu');
    controller = await control(federation, FEDERATION);
    const metadata = { name: 'web' };
    await apply(federation.api, '/api/v1/namespaces/web', { apiVersion: 'v1', kind: 'Namespace', metadata });
  });

  afterAll(async () => {
    controller?.close();
    await Promise.all([federation, member].map((one) => one?.stop()));
  });

  const pod = { metadata: { labels: { app: 'x' } }, spec: { containers: [{ name: 'x', image: 'x' }] } };
  const selector = { matchLabels: { app: 'x' } };
  const scaled = (replicas: number) => ({ spec: { replicas, selector, template: pod } });

  /** What each kind says, then and later, and what somebody else makes of it in the member. */
  const table: Readonly<
    Record<KindName, { readonly first: Fields; readonly later: Fields; readonly drift: Fields }>
  > = {
    Namespace: {
      first: {},
      later: { metadata: { labels: { later: 'yes' } } },
      drift: { metadata: { labels: { later: 'no' } } },
    },
    ConfigMap: { first: { data: { a: '1' } }, later: { data: { a: '2' } }, drift: { data: { a: '3' } } },
    Secret: {
      first: { data: { a: 'MQ==' } },
      later: { data: { a: 'Mg==' } },
      drift: { data: { a: 'Mw==' } },
    },
    Service: {
      first: { spec: { selector: { app: 'x' }, ports: [{ port: 80 }] } },
      later: { spec: { selector: { app: 'y' }, ports: [{ port: 80 }] } },
      drift: { spec: { selector: { app: 'z' } } },
    },
    Ingress: {
      first: { spec: { defaultBackend: { service: { name: 'a', port: { number: 80 } } } } },
      later: { spec: { defaultBackend: { service: { name: 'b', port: { number: 80 } } } } },
      drift: { spec: { defaultBackend: { service: { name: 'c', port: { number: 80 } } } } },
    },
    Deployment: { first: scaled(1), later: scaled(2), drift: { spec: { replicas: 7 } } },
    ReplicaSet: { first: scaled(1), later: scaled(2), drift: { spec: { replicas: 7 } } },
    DaemonSet: {
      first: { spec: { selector, template: pod } },
      later: { spec: { selector, template: pod, minReadySeconds: 5 } },
      drift: { spec: { minReadySeconds: 9 } },
    },
    Job: {
      first: {
        spec: { parallelism: 1, completions: 3, template: { spec: { ...pod.spec, restartPolicy: 'Never' } } },
      },
      later: {
        spec: { parallelism: 2, completions: 3, template: { spec: { ...pod.spec, restartPolicy: 'Never' } } },
      },
      drift: { spec: { parallelism: 3 } },
    },
    HorizontalPodAutoscaler: {
      first: {
        spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'one' } },
      },
      later: {
        spec: { maxReplicas: 4, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'one' } },
      },
      drift: { spec: { maxReplicas: 9 } },
    },
  };

  function objectOf(kind: KindName, name: string, fields: Fields): ApiObject {
    const { apiVersion, namespaced } = kinds[kind];
    const { labels } = fieldsOf(fields.metadata);
    const metadata = { name, ...(namespaced ? { namespace: 'web' } : {}), ...(labels ? { labels } : {}) };
    return { ...fields, apiVersion, kind, metadata } as ApiObject;
  }

  function pathOf(kind: KindName, name: string): string {
    return objectPath(kinds[kind], { name, namespace: kinds[kind].namespaced ? 'web' : undefined });
  }

  const put = (at: ApiServer, kind: KindName, name: string, fields: Fields) =>
    apply(at.api, pathOf(kind, name), objectOf(kind, name, fields));
  const there = (kind: KindName, name: string) => find(member.api, pathOf(kind, name));

  /** From the federation, of which no controller ends namespaces either. */
  async function drop(kind: KindName, name: string): Promise<void> {
    // A Job's default is to leave its pods to nobody, which a controller would have to see to.
    await federation.api.call('DELETE', pathOf(kind, name), { body: { propagationPolicy: 'Background' } });
    if (kind !== 'Namespace') return;
    const namespace = await federation.api.call('GET', pathOf(kind, name));
    await federation.api.call('PUT', `${pathOf(kind, name)}/finalize`, {
      body: { ...namespace, spec: { finalizers: [] } },
    });
  }

  /** The member has it as it was wanted, and marked. */
  async function arrives(kind: KindName, name: string, fields: Fields): Promise<void> {
    await until(`${kind} ${name} in the member`, async () => {
      const object = await there(kind, name);
      expect(object).toMatchObject(fields as object);
      return object?.metadata.labels?.[FEDERATION_LABEL] === FEDERATION;
    });
  }

  describe('each kind', () => {
    test.each(kindNames)('%s is created, changed, put right, adopted and deleted', async (kind) => {
      const { first, later, drift } = table[kind];
      await put(federation, kind, 'one', first);
      await arrives(kind, 'one', first);
      await put(federation, kind, 'one', later);
      await arrives(kind, 'one', later);
      const body = { ...drift };
      await member.api.call('PATCH', pathOf(kind, 'one'), {
        body,
        contentType: 'application/merge-patch+json',
      });
      await arrives(kind, 'one', later);

      await put(member, kind, 'before', first);
      const { uid } = (await there(kind, 'before'))!.metadata;
      await put(federation, kind, 'before', later);
      await arrives(kind, 'before', later);
      expect((await there(kind, 'before'))!.metadata.uid).toBe(uid);

      await put(member, kind, 'foreign', first);
      for (const name of ['one', 'before']) await drop(kind, name);
      // No controller ends a namespace here: that it is told to end is all that there is to see.
      const isGone = async (name: string) => {
        const object = await there(kind, name);
        return object === null || object.metadata.deletionTimestamp !== undefined;
      };
      await until(`${kind}: gone`, async () => (await isGone('one')) && (await isGone('before')));
      expect((await there(kind, 'foreign'))!.metadata.deletionTimestamp).toBeUndefined();
    });
  });

  test('who leaves keeps what it has as its own, and is given it again when it comes back', async () => {
    await put(federation, 'ConfigMap', 'stays', { data: { a: '1' } });
    await arrives('ConfigMap', 'stays', { data: { a: '1' } });
    const request = { federation: federation.api, member: member.api, name: FEDERATION, cluster: 'eu' };
    const signal = new AbortController().signal;
    for (const step of await leaveSteps({ ...request, cascade: false, signal })) await step.run();
    expect((await there('ConfigMap', 'stays'))!.metadata.labels?.[FEDERATION_LABEL]).toBeUndefined();
    expect(await leaveSteps({ ...request, cascade: false, signal })).toEqual([]);
    await put(federation, 'ConfigMap', 'stays', { data: { a: '2' } });
    await joinAs(federation, FEDERATION, member, 'eu');
    await arrives('ConfigMap', 'stays', { data: { a: '2' } });
    expect((await member.api.call('GET', collectionPath(kinds.ConfigMap, 'web'))).items).toHaveLength(2);
  });
});
