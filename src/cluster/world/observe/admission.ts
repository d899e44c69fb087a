import { z } from 'zod';
import { type ApiClient, type ApiRequest, callApi } from '../../../kubernetes/client.ts';
import { statusMessage } from '../../../kubernetes/status.ts';
import { parseJson } from '../../../util/text/json.ts';
import { TimeoutError } from '../../../util/wait.ts';

/** Shorter than a webhook's own default, 10 s: one that hangs is found out by that. */
const ANSWER_MS = 4000;
const NAME = 'haup-preflight';

/** What controllers and haup's own units write all the time. Dry runs: admission sees them, etcd does not. */
const writes: readonly {
  readonly what: string;
  readonly group: string;
  readonly request: Omit<ApiRequest, 'timeoutMs'>;
}[] = [
  {
    what: 'leases',
    group: 'coordination.k8s.io',
    request: {
      method: 'POST',
      path: '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases?dryRun=All',
      body: { metadata: { name: NAME }, spec: { holderIdentity: NAME } },
    },
  },
  {
    what: 'endpoints',
    group: '',
    request: {
      method: 'POST',
      path: '/api/v1/namespaces/default/endpoints?dryRun=All',
      body: { metadata: { name: NAME } },
    },
  },
  {
    what: 'endpointslices',
    group: 'discovery.k8s.io',
    request: {
      method: 'POST',
      path: '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices?dryRun=All',
      body: { metadata: { name: NAME }, addressType: 'IPv4', endpoints: [] },
    },
  },
  {
    what: 'events',
    group: '',
    request: {
      method: 'POST',
      path: '/api/v1/namespaces/default/events?dryRun=All',
      body: {
        metadata: { name: NAME },
        involvedObject: { kind: 'Namespace', name: 'default', namespace: 'default' },
        reason: 'Preflight',
        type: 'Normal',
      },
    },
  },
];

const webhooksReply = z.object({
  items: z.array(
    z.object({
      webhooks: z
        .array(
          z.object({
            name: z.string(),
            failurePolicy: z.string().default('Fail'),
            rules: z
              .array(
                z.object({
                  apiGroups: z.array(z.string()).default([]),
                  resources: z.array(z.string()).default([]),
                }),
              )
              .default([]),
          }),
        )
        .default([]),
    }),
  ),
});

/** Each question is a write to a webhook's server as well, and webhooks change seldom. */
const REUSE_MS = 30_000;

/**
 * What admission does not let through, asked once in a while: whoever watches a cluster looks at all of it every two seconds.
 * Something that is refused is asked again at once, so that a cure is seen.
 */
export function admissionWatch(
  now: () => number = Date.now,
): (api: ApiClient, signal: AbortSignal) => Promise<string[]> {
  let allowedAt = Number.NEGATIVE_INFINITY;
  return async (api, signal) => {
    if (now() - allowedAt < REUSE_MS) return [];
    const at = now();
    const answers = await refusedWrites(api, signal);
    if (answers.every((refused) => refused?.length === 0)) allowedAt = at;
    return answers.flatMap((refused) => refused ?? []);
  };
}

/** What admission does not let through, each with the API server's words or the webhooks' names; null when nobody can say. */
async function refusedWrites(api: ApiClient, signal: AbortSignal): Promise<(string[] | null)[]> {
  const asked = await Promise.all(
    writes.map(async ({ what, group, request }) => {
      try {
        const { status, text } = await callApi(api, { ...request, timeoutMs: ANSWER_MS, signal });
        return status < 400 ? [] : refusal(what, text);
      } catch (error) {
        if (!(error instanceof TimeoutError)) return null;
        const names = await failingClosed(api, what, group, signal).catch(() => []);
        return names.length === 0
          ? null
          : [`${what}: no answer within ${ANSWER_MS / 1000} s; asked first: ${some(names)}`];
      }
    }),
  );
  signal.throwIfAborted();
  return asked;
}

/** As many as one can look at; a name has 253 characters at most. */
function some(names: readonly string[]): string {
  const each = [...new Set(names)].map((name) => name.slice(0, 253));
  return `${each.slice(0, 3).join(', ')}${each.length > 3 ? ` and ${each.length - 3} more` : ''}`;
}

/** Only what speaks of admission: what else fails is told elsewhere. */
function refusal(what: string, text: string): string[] {
  const message = statusMessage(parseJson(text)) ?? '';
  return /webhook|admission|polic/i.test(message) ? [`${what}: ${message.slice(0, 500)}`] : [];
}

async function failingClosed(
  api: ApiClient,
  what: string,
  group: string,
  signal: AbortSignal,
): Promise<string[]> {
  const kinds = ['validatingwebhookconfigurations', 'mutatingwebhookconfigurations'];
  const lists = await Promise.all(
    kinds.map((kind) =>
      callApi(api, { path: `/apis/admissionregistration.k8s.io/v1/${kind}`, timeoutMs: ANSWER_MS, signal }),
    ),
  );
  return lists.flatMap(({ text }) =>
    webhooksReply
      .parse(JSON.parse(text))
      .items.flatMap(({ webhooks }) => webhooks)
      .filter(
        (hook) => hook.failurePolicy === 'Fail' && hook.rules.some((rule) => matches(rule, what, group)),
      )
      .map(({ name }) => name),
  );
}

function matches(
  rule: { readonly apiGroups: readonly string[]; readonly resources: readonly string[] },
  what: string,
  group: string,
): boolean {
  const groups = rule.apiGroups.includes('*') || rule.apiGroups.includes(group);
  return groups && ['*', '*/*', what].some((resource) => rule.resources.includes(resource));
}
