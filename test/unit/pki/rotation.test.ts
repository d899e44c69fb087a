import { X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Generations } from '../../../src/cluster/model/generations.ts';
import { ROTATED, type Rotated } from '../../../src/cluster/model/rotated.ts';
import { advanced } from '../../../src/cluster/plan/rotation.ts';
import {
  authorities,
  encryptionKeys,
  kubeletAuthorities,
  makeGeneration,
  operatorKeys,
} from '../../../src/cluster/world/keys.ts';
import { issueKubeletServing, issueOwnAdmin } from '../../../src/pki/issue.ts';
import { issueReplica, type PkiFiles } from '../../../src/pki/replica.ts';
import { pemBlocks } from '../../../src/replicas/revision/revision.ts';
import { specOf } from '../../support/clusters.ts';
import { memorySecrets } from '../../support/memory-secrets.ts';

/** All that there is on a master, and what haup itself uses, when this is at work. */
interface State {
  readonly generations: Generations;
  readonly files: PkiFiles;
  readonly admin: string;
  readonly kubelet: string;
  readonly encryption: readonly string[];
  readonly operators: readonly string[];
}

const secrets = memorySecrets();
const states: State[] = [];

async function stateOf(generations: Generations): Promise<State> {
  const spec = { name: 'demo', generations };
  const now = await authorities(secrets, spec);
  const kubelets = await kubeletAuthorities(secrets, spec);
  const identity = {
    ...{ cluster: 'demo', name: 'demo-master', internalIp: '10.0.0.2', apiAddress: '198.18.0.10' },
    ...{ apiPort: 443, serviceCidr: '10.96.0.0/16', clusterDomain: 'cluster.local' },
    ...{ staticExternalIp: null, balancerDnsName: null },
  };
  const node = { name: 'n', internalIp: '10.0.0.9' };
  return {
    generations,
    files: await issueReplica(identity, now, kubelets),
    admin: (await issueOwnAdmin(now)).certPem,
    kubelet: (await issueKubeletServing(node, kubelets)).certPem,
    encryption: (await encryptionKeys(secrets, spec)).map(({ secret }) => secret),
    operators: (await operatorKeys(secrets, spec)).publicKeys,
  };
}

/** Every phase of all rotations at once, from before the first to after the last. */
beforeAll(async () => {
  let spec = specOf(['m0']);
  states.push(await stateOf({}));
  for (const finish of [false, true]) {
    for (let begin = !finish; ; begin = false) {
      const next = advanced(spec, { what: ROTATED, finish, begin });
      if (!next) break;
      for (const what of ROTATED) await makeGeneration(secrets, what, 2, 'demo');
      spec = { ...spec, ...next };
      states.push(await stateOf(next.generations!));
    }
  }
});

/** By a certificate of the bundle, as Go and OpenSSL look for it: name, key identifier, signature. */
function believes(bundle: string, pem: string): boolean {
  const leaf = new X509Certificate(pem);
  return pemBlocks(bundle)!.some((ca) => {
    const authority = new X509Certificate(ca);
    return leaf.checkIssued(authority) && leaf.verify(authority.publicKey);
  });
}

/** Which file is believed by which: [who shows it, who verifies it]. */
const SHOWN: readonly (readonly [string, string])[] = [
  ['apiserver.crt', 'ca.crt'],
  ['controller-manager.crt', 'ca.crt'],
  ['scheduler.crt', 'ca.crt'],
  ['apiserver-kubelet-client.crt', 'ca.crt'],
  ['endpoints.crt', 'client-ca.crt'],
  ['scheduler-lease.crt', 'client-ca.crt'],
  ['controller-manager-lease.crt', 'client-ca.crt'],
  ['service-addresses.crt', 'client-ca.crt'],
  ['front-proxy-client.crt', 'front-proxy-ca.crt'],
  ['etcd/server.crt', 'etcd/ca.crt'],
  ['etcd/peer.crt', 'etcd/ca.crt'],
  ['etcd/client.crt', 'etcd/ca.crt'],
  ['apiserver-etcd-client.crt', 'etcd/ca.crt'],
  ['kubelet-client-ca.crt', 'client-ca.crt'],
  ['kubelet-serving-ca.crt', 'kubelet-ca.crt'],
];

/** Each phase with the one after it, and the other way round; with the number of the first. */
function neighbours(): (readonly [number, State, State])[] {
  return states.slice(1).flatMap((after, i) => {
    const before = states[i]!;
    return [[i, before, after] as const, [i, after, before] as const];
  });
}

const pem = ({ files }: State, file: string): string => files.get(file)!.pem;

describe('two replicas, one in each of two phases that follow one another', () => {
  it('are all there: six of them', () => {
    expect(states.map(({ generations }) => generations.ca)).toEqual([
      undefined,
      [1, 2],
      [2, 1],
      [2, 1],
      [2, 1],
      [2],
    ]);
  });

  it.each(SHOWN)('believe of each other %s by %s', (leaf, bundle) => {
    for (const [i, one, other] of neighbours())
      expect([i, believes(pem(one, bundle), pem(other, leaf))]).toEqual([i, true]);
  });

  it("believe haup's own administrator, and a kubelet", () => {
    for (const [i, one, other] of neighbours()) {
      expect([i, believes(pem(one, 'client-ca.crt'), other.admin)]).toEqual([i, true]);
      expect([i, believes(pem(one, 'kubelet-ca.crt'), other.kubelet)]).toEqual([i, true]);
    }
  });

  it("read each other's Secrets, believe each other's tokens, and let haup in", () => {
    for (const [i, one, other] of neighbours()) {
      expect([i, one.encryption.includes(other.encryption[0]!)]).toEqual([i, true]);
      expect([i, one.operators.includes(other.operators[0]!)]).toEqual([i, true]);
      const [signs] = pemBlocks(pem(other, 'sa.pub'))!;
      expect([i, pemBlocks(pem(one, 'sa.pub'))!.includes(signs!)]).toEqual([i, true]);
    }
  });
});

describe('an old kubeconfig', () => {
  const isOld = (state: State): boolean => !believes(pem(state, 'client-ca.crt'), states[0]!.admin);

  it('is believed, and believes what it is shown, until the rotation is ended', () => {
    const trust = pem(states[0]!, 'ca.crt');
    expect(states.map((state) => believes(trust, pem(state, 'apiserver.crt')))).toEqual([
      ...[true, true, true, true],
      ...[false, false],
    ]);
    expect(states.map(isOld)).toEqual([false, false, false, false, false, true]);
  });
});

describe('after the last phase', () => {
  it('the old ones open nothing', () => {
    const [first, last] = [states[0]!, states.at(-1)!];
    for (const [leaf, bundle] of SHOWN) expect(believes(pem(last, bundle), pem(first, leaf))).toBe(false);
    expect(believes(pem(last, 'kubelet-ca.crt'), first.kubelet)).toBe(false);
    expect(last.encryption).not.toContain(first.encryption[0]);
    expect(last.operators).not.toContain(first.operators[0]);
    expect(pem(last, 'sa.pub')).not.toContain(pem(first, 'sa.pub'));
  });

  it.each(ROTATED)('the store has both of %s still: a backup may need the old one', async (what: Rotated) => {
    const names = Object.keys(await secrets.all());
    expect(names).toContain(`${what}-2`);
    expect(names).toEqual(
      expect.arrayContaining(['authorities', 'kubelet-authorities', 'encryption-key', 'operator-ssh-key']),
    );
  });
});
