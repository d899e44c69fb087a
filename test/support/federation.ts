import { groupOf, resourceOf } from '../../src/addons/object.ts';
import { readManifests } from '../../src/addons/read.ts';
import { APPLY, type Api, openApi } from '../../src/federation/controller/api.ts';
import { type Controller, startController } from '../../src/federation/controller/controller.ts';
import { joinSteps } from '../../src/federation/members/join.ts';
import type { ApiObject } from '../../src/federation/model/object.ts';
import { packageRoot } from '../../src/util/package-root.ts';
import { waitFor } from '../../src/util/wait.ts';
import type { ApiServer } from './api-server.ts';

/** What haup puts into the API server of a federation. */
export async function prepareFederation({ api }: ApiServer): Promise<void> {
  for (const object of readManifests(`${packageRoot}addons/federation`)) {
    const { name, namespace } = object.metadata;
    const group = groupOf(object);
    const root = group === '' ? `/api/${object.apiVersion}` : `/apis/${object.apiVersion}`;
    const within = namespace === undefined ? '' : `/namespaces/${namespace}`;
    await apply(api, `${root}${within}/${resourceOf(object)}/${name}`, object as unknown as ApiObject);
  }
  const answers = () => api.call('GET', '/apis/federation.haup.dev/v1alpha1/clusters');
  await waitFor(answers, { what: 'the new kinds', timeoutMs: 60_000 });
}

export async function apply(api: Api, path: string, object: ApiObject): Promise<ApiObject> {
  return api.call('PATCH', `${path}?fieldManager=test&force=true`, { body: object, contentType: APPLY });
}

/** As `haup federation join` does it. */
export async function joinAs(
  federation: ApiServer,
  name: string,
  member: ApiServer,
  cluster: string,
): Promise<void> {
  const steps = await joinSteps({
    ...{ federation: federation.api, member: member.api, name, cluster, server: member.server },
    ...{ caPem: member.caPem, region: `region-${cluster}`, zone: `zone-${cluster}`, now: Date.now },
  });
  for (const step of steps) await step.run();
}

/** The controller, here, with the rights that it has on a master. */
export async function control(of: ApiServer, name: string): Promise<Controller> {
  const api = openApi({ server: of.server, caPem: of.caPem, ...of.federation });
  const { uid = '' } = (await api.call('GET', '/api/v1/namespaces/kube-system')).metadata;
  return startController({
    ...{ api, identity: { federation: name, uid }, now: () => performance.now() },
    onShards: () => {},
    log: () => {},
  });
}

/** Waits until it says so. */
export async function until(
  what: string,
  is: () => Promise<boolean>,
  timeoutMs: number = 60_000,
): Promise<void> {
  await waitFor(async () => (await is()) || undefined, { what, timeoutMs });
}
