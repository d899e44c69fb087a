import { z } from 'zod';
import { call, readAnswer } from '../../kubernetes/call.ts';
import type { ApiClient } from '../../kubernetes/client.ts';
import { listAll } from '../../kubernetes/list.ts';
import { waitFor } from '../../util/wait.ts';

/** What all of them are called. */
const NAME = 'pods';
const PODS = 2;
const PORT = 8080;
const READY_MS = 60_000;
const LOOKING = "look at the drill's own pods";

/**
 * Makes two pods behind a Service of type LoadBalancer, on `nodes` and in zones apart where there are such: a web server that says OK.
 * It is the cluster's own CoreDNS, whose image haup's nodes have. They go with their namespace. Resolves with the Service's address when both
 * are ready.
 * @param nodes haup's: to those of others it routes no pods
 * @throws ApiError; TimeoutError that says what is missing, in Kubernetes' words
 */
export async function makeOwnPods(
  api: ApiClient,
  namespace: string,
  nodes: readonly string[],
  signal?: AbortSignal,
): Promise<URL> {
  const dns = await read(api, dnsSchema, '/apis/apps/v1/namespaces/kube-system/deployments/coredns', signal);
  const { image } = dns.spec.template.spec.containers[0]!;
  const core = `/api/v1/namespaces/${namespace}`;
  const apps = `/apis/apps/v1/namespaces/${namespace}`;
  const objects = [
    [`${core}/configmaps`, configMap],
    [`${core}/services`, service],
    [`${apps}/deployments`, deploymentOf(image, nodes)],
  ] as const;
  for (const [path, body] of objects)
    await call(api, { doing: "make the drill's own pods", method: 'POST', path, body, signal });
  return waitFor(
    async () => {
      const pods = await listAll(api, podSchema, { doing: LOOKING, path: `${core}/pods`, signal });
      const missing = pods.flatMap(whyNotReady);
      if (missing[0] !== undefined) throw new Error(missing[0]);
      if (pods.length < PODS) {
        const { status } = await read(api, deploymentSchema, `${apps}/deployments/${NAME}`, signal);
        const refused = status.conditions.find(({ type }) => type === 'ReplicaFailure')?.message;
        throw new Error(refused ?? `${pods.length} of ${PODS} are there`);
      }
      const { status } = await read(api, serviceSchema, `${core}/services/${NAME}`, signal);
      const ip = status.loadBalancer.ingress[0]?.ip;
      if (ip === undefined) throw new Error('their Service has no address yet');
      return new URL(`http://${ip}/health`);
    },
    { what: "the drill's own pods", timeoutMs: READY_MS, maxIntervalMs: 500, signal },
  );
}

const metadata = { name: NAME };
const labels = { app: NAME };

const configMap = { metadata, data: { Corefile: `.:1053 {\n  health :${PORT}\n}\n` } };

const service = {
  metadata,
  spec: { type: 'LoadBalancer', selector: labels, ports: [{ port: 80, targetPort: PORT }] },
};

function deploymentOf(image: string, nodes: readonly string[]): object {
  return {
    metadata,
    spec: {
      replicas: PODS,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: podOf(image, nodes) },
    },
  };
}

function podOf(image: string, nodes: readonly string[]): object {
  const onNodes = { key: 'kubernetes.io/hostname', operator: 'In', values: nodes };
  return {
    automountServiceAccountToken: false,
    terminationGracePeriodSeconds: 1,
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [onNodes] }],
        },
      },
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          apart('kubernetes.io/hostname'),
          apart('topology.kubernetes.io/zone'),
        ],
      },
    },
    // Also where the namespaces of a cluster must be `restricted`.
    securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        name: 'web',
        image,
        args: ['-conf', '/etc/coredns/Corefile'],
        readinessProbe: { httpGet: { path: '/health', port: PORT }, periodSeconds: 1 },
        securityContext: {
          allowPrivilegeEscalation: false,
          // The file of its official program asks for it, and does not start without.
          capabilities: { add: ['NET_BIND_SERVICE'], drop: ['ALL'] },
          readOnlyRootFilesystem: true,
        },
        volumeMounts: [{ name: 'config', mountPath: '/etc/coredns', readOnly: true }],
      },
    ],
    volumes: [{ name: 'config', configMap: metadata }],
  };
}

function apart(topologyKey: string): object {
  return { weight: 50, podAffinityTerm: { topologyKey, labelSelector: { matchLabels: labels } } };
}

const dnsSchema = z.object({
  spec: z.object({
    template: z.object({ spec: z.object({ containers: z.array(z.object({ image: z.string() })).min(1) }) }),
  }),
});

const deploymentSchema = z.object({
  status: z.object({
    conditions: z.array(z.object({ type: z.string(), message: z.string().optional() })).default([]),
  }),
});

const serviceSchema = z.object({
  status: z.object({
    loadBalancer: z.object({ ingress: z.array(z.object({ ip: z.string().optional() })).default([]) }),
  }),
});

const podSchema = z.object({
  metadata: z.object({ name: z.string() }),
  status: z.object({
    conditions: z
      .array(z.object({ type: z.string(), status: z.string(), message: z.string().optional() }))
      .default([]),
    containerStatuses: z
      .array(
        z.object({
          state: z.object({
            waiting: z.object({ reason: z.string().optional(), message: z.string().optional() }).optional(),
          }),
        }),
      )
      .default([]),
  }),
});

async function read<S extends z.ZodType>(
  api: ApiClient,
  schema: S,
  path: string,
  signal?: AbortSignal,
): Promise<z.output<S>> {
  return readAnswer(schema, await call(api, { doing: LOOKING, path, signal }), LOOKING);
}

/** Empty: it is. */
function whyNotReady({ metadata: { name }, status }: z.infer<typeof podSchema>): string[] {
  const condition = (type: string) => status.conditions.find((one) => one.type === type);
  if (condition('Ready')?.status === 'True') return [];
  const waiting = status.containerStatuses[0]?.state.waiting;
  const why =
    [waiting?.reason, waiting?.message].filter((words) => words !== undefined).join(': ') ||
    condition('PodScheduled')?.message ||
    condition('Ready')?.message ||
    'nobody has started it yet';
  return [`${name}: ${why}`];
}
