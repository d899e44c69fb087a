import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Provider } from '../../../src/providers/provider.ts';
import { commandsOf, isInstalled, shell, shownOf } from '../shared/foreign-client.ts';
import { convergeNodes } from '../shared/nodes.ts';
import { converge, want } from '../shared/story.ts';
import { type Harness, startGce, ZONES } from './harness.ts';
import { partOf } from './parameters.ts';

const [b, c, d] = ZONES;
const replicas = [
  ['demo-master', b],
  ['demo-master-abc', c],
  ['demo-master-def', d],
] as const;

let gce: Harness;
let provider: Provider;
let folder: string;
let env: Record<string, string>;

beforeAll(async () => {
  gce = await startGce();
  provider = gce.open();
  await converge(provider, want(1, `demo-master@${b}`));
  await converge(provider, want(2, ...replicas.map(([name, zone]) => `${name}@${zone}`)));
  await convergeNodes(provider, [{ name: 'demo-node-ghi', zone: b, pods: '10.64.0.0/24' }], '3');
  folder = await mkdtemp(join(tmpdir(), 'haup-gcloud-'));
  await writeFile(join(folder, 'token'), 'test-token', { mode: 0o600 });
  env = {
    HOME: folder,
    CLOUDSDK_CONFIG: join(folder, 'config'),
    CLOUDSDK_AUTH_ACCESS_TOKEN_FILE: join(folder, 'token'),
    CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE: gce.server.endpoint,
    CLOUDSDK_CORE_PROJECT: gce.cloud.project,
    CLOUDSDK_CORE_DISABLE_PROMPTS: '1',
    CLOUDSDK_CORE_DISABLE_USAGE_REPORTING: 'true',
    CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK: 'true',
  };
});

afterAll(async () => {
  await gce?.close();
  await rm(folder, { recursive: true, force: true });
});

/** One request as it is, without a client. */
async function get(path: string): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(`${gce.server.endpoint}projects/${gce.cloud.project}/${path}`);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

describe('requests of any client of Google’s', () => {
  it('may have the parameters that every Google API takes', async () => {
    const all = 'alt=json&prettyPrint=true&key=k&quotaUser=u&userIp=192.0.2.1&%24.xgafv=2&uploadType=x';
    const { status, body } = await get(`global/firewalls?${all}&fields=items(name,allowed/ports),kind`);
    expect(status).toBe(200);
    expect(body.items).toContainEqual({ name: 'demo-01234567-api', allowed: [{ ports: ['443'] }] });
    expect((await get('global/firewalls?nonsense=1')).status).toBe(400);
    expect((await get('global/firewalls?fields=items(')).status).toBe(400);
  });

  it('get the fields that they ask for', () => {
    const message = { kind: 'k', items: [{ a: 1, b: { c: 2, d: 3 } }], other: 1 };
    expect(partOf(message, null)).toBe(message);
    expect(partOf(message, 'items/b/c')).toEqual({ items: [{ b: { c: 2 } }] });
    expect(partOf(message, 'kind,items(a,b(d))')).toEqual({ kind: 'k', items: [{ a: 1, b: { d: 3 } }] });
    expect(partOf(message, '*/a')).toEqual({ items: [{ a: 1 }], kind: 'k', other: 1 });
  });

  it('see Google’s own firewall rules of the network "default" as well', async () => {
    const { body } = await get('global/firewalls');
    const names = (body.items as { name: string }[]).map(({ name }) => name);
    expect(names).toContain('default-allow-ssh');
    expect(names).toContain('demo-01234567-closed');
  });
});

describe('gcloud', async () => {
  const there = await isInstalled('gcloud');
  const gcloud = it.skipIf(!there); // where it is missing, nothing can be said of it
  if (!there) console.log('gcloud is not installed: its commands of docs/gce.md are not run');

  const commands = commandsOf('gce.md', 'gcloud').filter((line) => line.startsWith('gcloud compute '));
  /** The command of docs/gce.md that begins so, its answer as JSON. */
  const json = async (beginning: string) => {
    const command = commands.find((line) => line.startsWith(beginning));
    expect(command, `docs/gce.md has no ${beginning}`).toBeDefined();
    return JSON.parse(await shell(`${command} --format=json`, env)) as Record<string, never>[];
  };
  const last = (url: unknown) => String(url).split('/').at(-1);

  gcloud('runs every command of docs/gce.md', async () => {
    expect(commands.length).toBeGreaterThanOrEqual(7);
    for (const command of commands) expect(await shell(command, env), command).toContain('demo-');
  });

  gcloud(
    'shows the machines that haup says there are, where it says, with the addresses that it says',
    async () => {
      const shown = (await json('gcloud compute instances list')).map((each) => {
        const { name, zone, status, networkInterfaces } = each as unknown as {
          name: string;
          zone: string;
          status: string;
          networkInterfaces: { networkIP: string; accessConfigs?: { natIP: string }[] }[];
        };
        const [nic] = networkInterfaces;
        return {
          name,
          zone: last(zone),
          state: status.toLowerCase(),
          internalIp: nic?.networkIP,
          externalIp: nic?.accessConfigs?.[0]?.natIP ?? null,
        };
      });
      shown.sort((x, y) => (x.name < y.name ? -1 : 1));
      const machines = await provider.machines.list();
      expect(machines).toHaveLength(4);
      expect(shown).toEqual(shownOf(machines));
    },
  );

  gcloud('shows the routes to pods as haup says they are', async () => {
    const shown = (await json('gcloud compute routes list')) as unknown as {
      destRange: string;
      nextHopInstance: string;
    }[];
    expect(
      shown.map(({ destRange, nextHopInstance }) => ({
        destination: destRange,
        machine: last(nextHopInstance),
      })),
    ).toEqual(await provider.network.routes.list());
  });

  gcloud('shows the API address where haup says it is, and targets as healthy as haup says', async () => {
    const { ip, holder } = (await provider.address.read())!;
    expect(holder).toEqual({ kind: 'balancer' });
    const addresses = await json('gcloud compute addresses list');
    expect(addresses).toMatchObject([{ address: ip, status: 'IN_USE' }]);
    const rules = await json('gcloud compute forwarding-rules list');
    expect(rules).toMatchObject([{ IPAddress: ip }]);
    const health = (await json('gcloud compute backend-services get-health')) as unknown as {
      status: { healthStatus: { instance: string; healthState: string }[] };
    }[];
    const targets = health.flatMap(({ status }) => status.healthStatus);
    const seen = targets.map((each) => ({
      replica: last(each.instance),
      health: each.healthState.toLowerCase(),
    }));
    expect(seen).toEqual((await provider.balancer.read())?.targets);
  });
});
