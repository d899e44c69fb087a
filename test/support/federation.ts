import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { groupOf, resourceOf } from '../../src/addons/object.ts';
import { readManifests } from '../../src/addons/read.ts';
import { APPLY, type Api, ApiRefusal, openApi } from '../../src/federation/controller/api.ts';
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
export async function control({ server, caPem, folder }: ApiServer, name: string): Promise<Controller> {
  const read = (file: string): string => readFileSync(join(folder, file), 'utf8');
  const api = openApi({ server, caPem, certPem: read('federation.crt'), keyPem: read('federation.key') });
  const { uid = '' } = (await api.call('GET', '/api/v1/namespaces/kube-system')).metadata;
  return startController({
    ...{ api, identity: { federation: name, uid }, now: () => performance.now() },
    onShards: () => {},
    log: () => {},
  });
}

/** Null: it is not there. */
export async function get(api: Api, path: string): Promise<ApiObject | null> {
  try {
    return await api.call('GET', path);
  } catch (error) {
    if (error instanceof ApiRefusal && error.status === 404) return null;
    throw error;
  }
}

/** Waits until it says so. */
export async function until(what: string, is: () => Promise<boolean>): Promise<void> {
  const ask = async (): Promise<true> => {
    if (!(await is())) throw new Error('not yet');
    return true;
  };
  await waitFor(ask, { what, timeoutMs: 60_000 });
}
