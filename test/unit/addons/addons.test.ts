import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { ADDON_LABEL, builtInAddons, type ClusterFacts, userAddon } from '../../../src/addons/addons.ts';
import { AddonError } from '../../../src/addons/errors.ts';
import type { KubernetesObject } from '../../../src/addons/object.ts';
import { resourceOf } from '../../../src/addons/object.ts';
import { rightsToKeep } from '../../../src/addons/rights.ts';
import { COREDNS_IMAGE } from '../../../src/artifacts/images/names.ts';

const facts: ClusterFacts = {
  cluster: 'no',
  kubernetesVersion: 'v1.37.1',
  apiAddress: '198.18.0.10',
  apiPort: 443,
  caPem: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
  serviceCidr: '10.96.0.0/16',
  clusterCidr: '10.244.0.0/16',
  givesServiceAddresses: true,
  resolver: true,
};

function objects(change: Partial<ClusterFacts> = {}): KubernetesObject[] {
  return builtInAddons({ ...facts, ...change }).flatMap((addon) => addon.objects);
}

function find(kind: string, name: string, change: Partial<ClusterFacts> = {}): ReturnType<typeof JSON.parse> {
  return objects(change).find((object) => object.kind === kind && object.metadata.name === name)!;
}

describe('the built-in add-ons', () => {
  test('have every input filled in, and every object labelled with what it belongs to', () => {
    const addons = builtInAddons(facts);
    expect(addons.map(({ name }) => name)).toEqual([
      'node-bootstrap',
      'kubeadm-join',
      'dns',
      'service-addresses',
    ]);
    expect(builtInAddons({ ...facts, federation: true }).map(({ name }) => name)).toEqual(['federation']);
    expect(JSON.stringify(addons)).not.toMatch(/\$\{/);
    for (const { name, objects } of addons)
      for (const object of objects) expect(object.metadata.labels).toMatchObject({ [ADDON_LABEL]: name });
  });

  test('name nothing twice', () => {
    const names = objects().map(({ kind, metadata }) => `${kind} ${metadata.namespace} ${metadata.name}`);
    expect(new Set(names).size).toBe(names.length);
  });

  test('have DNS twice, never on one node, with a budget, at the tenth address', () => {
    const { spec } = find('Deployment', 'coredns');
    expect(spec.replicas).toBe(2);
    expect(spec.template.spec.containers[0].image).toBe(COREDNS_IMAGE);
    const { podAntiAffinity } = spec.template.spec.affinity;
    expect(podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey).toBe(
      'kubernetes.io/hostname',
    );
    expect(find('PodDisruptionBudget', 'coredns').spec.maxUnavailable).toBe(1);
    expect(find('Service', 'kube-dns').spec.clusterIP).toBe('10.96.0.10');
  });

  test('forward names of the world only where a machine knows whom to ask', () => {
    expect(find('ConfigMap', 'coredns').data.Corefile).toContain('forward . /etc/resolv.conf');
    expect(find('ConfigMap', 'coredns', { resolver: false }).data.Corefile).not.toContain('forward');
  });

  test('know who gives Services addresses only where haup does', () => {
    expect(find('ConfigMap', 'haup-service-addresses').data).toBeUndefined();
    expect(find('ConfigMap', 'haup-service-addresses', { givesServiceAddresses: false })).toBeUndefined();
  });

  test('tell kubeadm the cluster’s name as it reads YAML, 1.1', () => {
    const { ClusterConfiguration } = find('ConfigMap', 'kubeadm-config').data;
    expect(parse(ClusterConfiguration, { version: '1.1' }).clusterName).toBe('no');
  });

  test('tell kubeadm what it asks for', () => {
    const kubeconfig = parse(find('ConfigMap', 'cluster-info').data.kubeconfig);
    expect(kubeconfig.clusters[0].cluster.server).toBe('https://198.18.0.10:443');
    expect(kubeconfig.users).toBeUndefined();
    const cluster = parse(find('ConfigMap', 'kubeadm-config').data.ClusterConfiguration);
    expect(cluster).toMatchObject({ clusterName: 'no', networking: { podSubnet: '10.244.0.0/16' } });
    const kubelet = parse(find('ConfigMap', 'kubelet-config').data.kubelet);
    expect(kubelet).toMatchObject({ kind: 'KubeletConfiguration', clusterDNS: ['10.96.0.10'] });
  });
});

describe("a user's folder", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'haup-Addon_'));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const put = (name: string, text: string) => writeFile(join(folder, name), text);
  const map = (name: string) =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: {a: "\${b}"}\n`;

  test('is taken as it is, file by file, lists apart', async () => {
    await put('b.yaml', `${map('two')}---\n${map('three')}---\n`);
    await put('a.json', JSON.stringify({ kind: 'List', items: [parse(map('one'))] }));
    await put('readme.md', 'hello');
    const addon = userAddon(folder);
    expect(addon.name).toMatch(/^haup-addon-[a-z0-9-]+$/);
    expect(addon.objects.map(({ metadata }) => metadata.name)).toEqual(['one', 'two', 'three']);
    expect(addon.objects[0]).toMatchObject({ data: { a: expect.stringMatching(/^\$\{b\}$/) } });
  });

  test.each([
    ['kind: ConfigMap\n', /holds what is no Kubernetes object: apiVersion/],
    ['apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n', /metadata\.name/],
    ['a: [', /is not YAML/],
    ['just words\n', /no Kubernetes object/],
  ])('with %j in it is refused', async (text, why) => {
    await put('a.yaml', text);
    expect(() => userAddon(folder)).toThrow(why);
  });

  test('is read as kubectl reads it', async () => {
    // Each as `kubectl label --local -o json` of 1.37 shows it.
    const read: readonly [string, unknown][] = [
      ['0644', 420],
      ['-0644', -420],
      ['0o17', 15],
      ['08', 8],
      ['1_000', 1000],
      ['0x1F', 31],
      ['0b11', 3],
      ['+12', 12],
      ['1e3', 1000],
      ['.5', 0.5],
      ['no', false],
      ['N', false],
      ['y', true],
      ['on', true],
      ['~', null],
      ['"no"', 'no'],
      ['12:30', '12:30'],
      ['12:30.5', '12:30.5'],
      ['2001-01-01', '2001-01-01'],
    ];
    const lines = read.map(([text], index) => `  k${index}: ${text}\n`).join('');
    const merged = '  base: &base {z: 1}\n  merged: {<<: *base, k: 2}\n';
    await put('a.yaml', `apiVersion: v1\nkind: X\nmetadata: {name: x}\ndata:\n${lines}${merged}`);
    expect(userAddon(folder).objects[0]!.data).toEqual({
      ...Object.fromEntries(read.map(([, value], index) => [`k${index}`, value])),
      base: { z: 1 },
      merged: { z: 1, k: 2 },
    });
  });

  test('with aliases of nothing, or of too much, or what JSON has not, is refused', async () => {
    const object = 'apiVersion: v1\nkind: X\nmetadata: {name: x}\n';
    const more = (at: number) => `a${at}: &a${at} [${`*a${at - 1},`.repeat(10)}]\n`;
    const bomb = `a0: &a0 [x]\n${[1, 2, 3, 4, 5, 6, 7, 8].map(more).join('')}`;
    for (const text of ['a: *nothing\n', bomb, 'a: !!binary aGk=\n', 'a: !custom x\n']) {
      await put('a.yaml', object + text);
      expect(() => userAddon(folder)).toThrow(AddonError);
    }
  });

  test('with what is no file in it, or too much, is refused and not waited for', async () => {
    const path = join(folder, 'a.yaml');
    for (const make of [
      () => mkdir(path),
      () => symlink(join(folder, 'nowhere'), path),
      () => symlink('/dev/zero', path),
      async () => execFileSync('mkfifo', [path]),
      async () => {
        await writeFile(path, '');
        await truncate(path, 2 ** 40);
      },
    ]) {
      await make();
      expect(() => userAddon(folder)).toThrow(AddonError);
      await rm(path, { recursive: true });
    }
  });

  test('that is empty, missing, or named as one of haup’s is refused', async () => {
    expect(() => userAddon(folder)).toThrow(/holds no manifest/);
    expect(() => userAddon(`${folder}/missing`)).toThrow(/cannot be read/);
    expect(() => userAddon(`${folder}/dns`)).toThrow(/rename the folder/);
  });
});

describe('the rights to keep objects', () => {
  test('are by name, and of roles also to give what they hold', () => {
    const rules = rightsToKeep(objects());
    for (const { resourceNames, verbs } of rules) {
      expect(resourceNames.length).toBeGreaterThan(0);
      expect(verbs).not.toContain('*');
    }
    const of = (resource: string) => rules.filter(({ resources }) => resources[0] === resource);
    expect(of('configmaps')).toEqual([
      {
        apiGroups: [''],
        resources: ['configmaps'],
        resourceNames: [
          'cluster-info',
          'coredns',
          'haup-service-addresses',
          'kubeadm-config',
          'kubelet-config',
        ],
        verbs: ['get', 'patch', 'create'],
      },
    ]);
    expect(of('clusterroles').map(({ verbs }) => verbs)).toEqual([
      ['get', 'patch', 'create', 'escalate'],
      ['bind'],
    ]);
    expect(of('clusterroles')[1]!.resourceNames).toContain('system:node-bootstrapper');
    expect(of('deployments')[0]!.apiGroups).toEqual(['apps']);
  });

  test.each([
    ['Ingress', 'ingresses'],
    ['NetworkPolicy', 'networkpolicies'],
    ['Endpoints', 'endpoints'],
    ['Gateway', 'gateways'],
    ['PodDisruptionBudget', 'poddisruptionbudgets'],
    ['StorageClass', 'storageclasses'],
  ])('know that a %s is one of the %s', (kind, resource) => {
    expect(resourceOf({ kind })).toBe(resource);
  });
});
