import { X509Certificate } from 'node:crypto';
import { commonNameIn } from '../pki/subject.ts';
import { type Life, lifeOf } from '../pki/validity.ts';
import { aheadBySeconds, type Exchange } from '../replicas/clock.ts';
import { paths, pkiPath } from '../replicas/paths.ts';
import { type AskLimits, askInside, SEPARATOR } from '../replicas/revision/ask.ts';
import type { UnitState } from '../replicas/revision/inside.ts';
import { isWhole, readUnits, unitState } from '../replicas/revision/inside.ts';
import { pemBlocks } from '../replicas/revision/revision.ts';
import { shellScript } from '../ssh/script.ts';
import type { Session } from '../ssh/session.ts';
import { parseJson } from '../util/text/json.ts';
import { rfc3339 } from '../util/text/rfc3339.ts';
import { parseNodeMarker } from './marker.ts';
import { nodePaths } from './paths.ts';
import { nodeHealthUrls, nodeUnit } from './units/names.ts';

/** Whom a node believes, and who has signed what it shows, by the authorities' common names. */
export interface NodeCredentials {
  /** Those that its kubelet believes API servers by, in order; none before it has joined. */
  readonly trust: readonly string[];
  /** Null where there is no certificate (yet). */
  readonly servingIssuer: string | null;
  readonly clientIssuer: string | null;
}

/** What a node says of itself over SSH, in one command; what the cluster says of it is in api/nodes.ts. */
export interface NodeInside extends NodeCredentials {
  /** Every file that a node needs is in place, for this cluster and this name. False on an empty disk. */
  readonly provisioned: boolean;
  /** Of the release in force; null before provisioning. */
  readonly digest: string | null;
  readonly kubernetesVersion: string | null;
  readonly containerd: UnitState;
  /** `running` only if it says itself that it is well. */
  readonly kubelet: UnitState;
  readonly kubeProxy: UnitState;
  /** RFC 3339; null where there is none (yet). The kubelet renews the client's by itself, haup the serving one. */
  readonly servingCertificateExpires: string | null;
  readonly servingCertificateBegins: string | null;
  /** What is left of it by the node's own clock, in seconds, negative once it has ended. kube-proxy's is as old. */
  readonly servingCertificateSecondsLeft: number | null;
  readonly clientCertificateExpires: string | null;
  /** How far its clock is ahead of the operator's, whole seconds; 0 when the way there and back explains the difference. */
  readonly clockAheadSeconds: number;
  /** The range that its pods get addresses from; null before {@link connectPods} and where somebody else brings the network. */
  readonly podCidr: string | null;
  /** What it was to join by is still there: it has not joined, or was cut off before it had all that it needs. */
  readonly joining: boolean;
}

/** And nothing after the last of them. */
const SECTIONS = 9;
/** `10.244.1.0/24` */
const RANGE = /^[0-9a-f.:]+\/\d{1,3}$/;
const asked = [nodeUnit.containerd, nodeUnit.kubelet, nodeUnit.kubeProxy];

const script = shellScript('nodes/scripts/inspect.sh', [
  ...(['separator', 'marker', 'serving', 'client', 'asked', 'network', 'kubeconfig'] as const),
  'bootstrap',
]);

/** Asks a node about itself. @throws SshError, ReplicaError; see {@link askInside}. */
export function inspectNode(
  session: Session,
  cluster: { readonly uid: string; readonly name: string },
  limits: AskLimits = {},
): Promise<NodeInside> {
  const sent = Date.now();
  const read = (answer: string) => parseNodeInside(answer, cluster, { sent, received: Date.now() });
  return askInside(session, inspectScript(), read, limits);
}

function inspectScript(): string {
  return script(
    {
      ...{
        separator: SEPARATOR,
        marker: paths.marker,
        serving: pkiPath('kubelet.crt'),
        asked: asked.join(' '),
      },
      ...{
        client: nodePaths.clientCertificate,
        network: nodePaths.conflist,
        kubeconfig: nodePaths.kubeconfig,
        bootstrap: nodePaths.bootstrapKubeconfig,
      },
    },
    Object.values(nodeHealthUrls),
  );
}

/**
 * Null when a part of the answer is missing or does not read as it was written: then nothing is known, which is something else than a
 * machine with nothing on it.
 */
export function parseNodeInside(
  output: string,
  cluster: { readonly uid: string; readonly name: string },
  exchange: Exchange,
): NodeInside | null {
  const sections = output.split(`${SEPARATOR}\n`);
  const [
    marker = '',
    serving = '',
    client = '',
    clock = '',
    systemd = '',
    answers = '',
    network = '',
    authorities = '',
    joining = '',
  ] = sections;
  const trust = namesIn(authorities);
  const units = readUnits(systemd.trim()) as ReadonlyMap<string, ReadonlyMap<string, string>>;
  const [servingLife, clientLife] = [life(serving), life(client)];
  const clockAheadSeconds = aheadBySeconds(clock, exchange);
  const podCidr = /"subnet": "([^"]+)"/.exec(network)?.[1] ?? null;
  if (
    sections.length !== SECTIONS + 1 ||
    sections.at(-1) !== '' ||
    !asked.every((name) => isWhole(units.get(name))) ||
    !(marker.trim() === '' || (isJson(marker) && isHealth(answers))) ||
    !(network.trim() === '' || isJson(network)) ||
    !(podCidr === null || RANGE.test(podCidr)) ||
    servingLife === undefined ||
    clientLife === undefined ||
    trust === null ||
    !['', 'joining'].includes(joining.trim()) ||
    clockAheadSeconds === null
  )
    return null;
  const release = parseNodeMarker(marker);
  const health = new Map(answers.split('\n').map((line) => line.split(' ') as [string, string]));
  const state = (name: keyof typeof nodeHealthUrls): UnitState => {
    const says = unitState(units.get(name)!);
    return says === 'running' && health.get(nodeHealthUrls[name]) !== '200' ? 'stopped' : says;
  };
  return {
    provisioned: release !== null && release.uid === cluster.uid && release.name === cluster.name,
    digest: release?.digest ?? null,
    kubernetesVersion: release?.kubernetesVersion ?? null,
    containerd: unitState(units.get(nodeUnit.containerd)!),
    kubelet: state(nodeUnit.kubelet),
    kubeProxy: state(nodeUnit.kubeProxy),
    servingCertificateExpires: servingLife && rfc3339(servingLife.ends),
    servingCertificateBegins: servingLife && rfc3339(servingLife.begins),
    servingCertificateSecondsLeft: servingLife && servingLife.ends.getTime() / 1000 - Number(clock),
    clockAheadSeconds,
    clientCertificateExpires: clientLife && rfc3339(clientLife.ends),
    podCidr,
    joining: joining.trim() !== '',
    trust,
    servingIssuer: issuerOf(serving),
    clientIssuer: issuerOf(client),
  };
}

/** A line a component, with the code of its answer. */
function isHealth(text: string): boolean {
  const lines = text.trim().split('\n');
  const urls = Object.values(nodeHealthUrls);
  return (
    lines.length === urls.length &&
    urls.every((url) => lines.some((line) => /^\S+ \d{3}$/.test(line) && line.startsWith(`${url} `)))
  );
}

function isJson(text: string): boolean {
  return parseJson(text) !== null;
}

/** Of certificates in PEM, in base64 as kubeconfigs have them. Null where they cannot be read. */
function namesIn(base64: string): string[] | null {
  const blocks = pemBlocks(Buffer.from(base64, 'base64').toString());
  try {
    return blocks?.map((pem) => commonNameIn(new X509Certificate(pem).subject)) ?? null;
  } catch {
    return null;
  }
}

/** Of one that {@link life} could read. */
function issuerOf(pem: string): string | null {
  return pem.trim() === '' ? null : commonNameIn(new X509Certificate(pem).issuer);
}

/** Null where there is no certificate; undefined where it cannot be read. */
function life(pem: string): Life | null | undefined {
  if (pem.trim() === '') return null;
  try {
    return lifeOf(pem);
  } catch {
    return undefined;
  }
}
