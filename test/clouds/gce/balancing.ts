import { letGo, mustBeFree, use } from './addresses.ts';
import type { Ask, GceCloud, Handler } from './cloud.ts';
import { membersOf, servicesUsing } from './groups.ts';
import { invalid, Refusal } from './refusal.ts';
import type { Message, Resource } from './store.ts';

const region = ({ params }: Ask) => `regions/${params.region}`;
const checkPath = (ask: Ask) => `${region(ask)}/healthChecks/${ask.params.healthCheck}`;
const servicePath = (ask: Ask) => `${region(ask)}/backendServices/${ask.params.backendService}`;
const rulePath = (ask: Ask) => `${region(ask)}/forwardingRules/${ask.params.forwardingRule}`;

/** External passthrough load balancing (Google, "backend service-based external passthrough Network Load Balancer"). */
export const balancingHandlers: Readonly<Record<string, Handler>> = {
  'regionHealthChecks.get': (cloud, ask) => cloud.store.get(checkPath(ask)).message,
  'regionHealthChecks.insert'(cloud, ask) {
    const { body } = ask;
    if (body.type !== 'HTTPS' || !body.httpsHealthCheck)
      throw invalid("Invalid value for field 'resource.type'");
    if (Number(body.timeoutSec ?? 5) > Number(body.checkIntervalSec ?? 5)) {
      throw invalid(
        "Invalid value for field 'resource.timeoutSec': must be less than or equal to checkIntervalSec",
      );
    }
    return cloud.insert(ask, {
      scope: region(ask),
      collection: 'healthChecks',
      kind: 'healthCheck',
      message: { ...body },
    });
  },
  'regionHealthChecks.delete'(cloud, ask) {
    const path = checkPath(ask);
    return cloud.delete(ask, path, {
      check() {
        const user = cloud.store
          .all('backendServices')
          .find((each) =>
            (each.message.healthChecks as string[]).some((url) => cloud.store.pathOf(url) === path),
          );
        if (user) throw inUse(path, user);
      },
    });
  },
  'regionBackendServices.get': (cloud, ask) => cloud.store.get(servicePath(ask)).message,
  'regionBackendServices.insert'(cloud, ask) {
    const { body } = ask;
    if (body.loadBalancingScheme !== 'EXTERNAL')
      throw invalid("Invalid value for field 'resource.loadBalancingScheme'");
    checkReferences(cloud, ask, body);
    return cloud.insert(ask, {
      scope: region(ask),
      collection: 'backendServices',
      kind: 'backendService',
      message: { ...body, fingerprint: fingerprint() },
      apply: () => checkReferences(cloud, ask, body),
    });
  },
  'regionBackendServices.patch'(cloud, ask) {
    const path = servicePath(ask);
    const { message } = cloud.store.get(path);
    // "An up-to-date fingerprint must be provided" (compute v1 reference, BackendService.fingerprint).
    if (ask.body.fingerprint !== message.fingerprint)
      throw new Refusal(412, 'conditionNotMet', 'Invalid fingerprint.');
    checkReferences(cloud, ask, { ...message, ...ask.body });
    return cloud.change(ask, path, {
      begin: () => {
        message.fingerprint = fingerprint();
      },
      apply: () => {
        Object.assign(message, { ...ask.body, fingerprint: message.fingerprint });
      },
    });
  },
  'regionBackendServices.delete'(cloud, ask) {
    const path = servicePath(ask);
    return cloud.delete(ask, path, {
      check() {
        const user = cloud.store
          .all('forwardingRules')
          .find((each) => cloud.store.pathOf(String(each.message.backendService)) === path);
        if (user) throw inUse(path, user);
      },
    });
  },
  async 'regionBackendServices.getHealth'(cloud, ask) {
    const service = cloud.store.get(servicePath(ask));
    const group = cloud.store.pathOf(String(ask.body.group));
    const backends = service.message.backends as { group: string }[];
    if (!backends.some((each) => cloud.store.pathOf(each.group) === group))
      throw invalid(`${group} is not a backend of ${service.path}`);
    const rules = rulesOf(cloud, service.path);
    // Passthrough probes are addressed to the rule's IP: no rule, no health (Google's docs; `?`).
    const healthStatus = await Promise.all(
      rules.flatMap((rule) =>
        [...membersOf(cloud, group)].map((instance) => statusOf(cloud, service, rule, instance)),
      ),
    );
    return { kind: 'compute#backendServiceGroupHealth', healthStatus };
  },
  'forwardingRules.get': (cloud, ask) => cloud.store.get(rulePath(ask)).message,
  'forwardingRules.list': (cloud, ask) =>
    cloud.list(ask, 'forwardingRules', region(ask), 'forwardingRuleList'),
  'forwardingRules.insert': insertRule,
  'forwardingRules.delete'(cloud, ask) {
    const path = rulePath(ask);
    return cloud.delete(ask, path, {
      async apply() {
        const ip = String(cloud.store.get(path).message.IPAddress);
        await cloud.realizer.route(ip, null);
        letGo(cloud, ip);
      },
    });
  },
};

function insertRule(cloud: GceCloud, ask: Ask): Message {
  const { body } = ask;
  if (Object.keys((body.labels as object | undefined) ?? {}).length > 0)
    throw invalid("Invalid value for field 'resource.labels'");
  if (body.loadBalancingScheme !== 'EXTERNAL')
    throw invalid("Invalid value for field 'resource.loadBalancingScheme'");
  const service = cloud.store.pathOf(String(body.backendService));
  cloud.store.get(service);
  const wanted = body.IPAddress as string | undefined;
  const check = () => {
    if (wanted !== undefined) mustBeFree(cloud, wanted, ask.params.region ?? '', 'rule');
  };
  return cloud.insert(ask, {
    scope: region(ask),
    collection: 'forwardingRules',
    kind: 'forwardingRule',
    message: { ...body, ...(wanted === undefined ? {} : { IPAddress: wanted }) },
    check,
    async apply(resource) {
      cloud.store.get(service);
      const ip = wanted ?? cloud.realizer.allocateAddress();
      if (wanted !== undefined) mustBeFree(cloud, wanted, ask.params.region ?? '', 'rule');
      resource.message.IPAddress = ip;
      use(cloud, ip, resource.path);
      cloud.probedSince.set(resource.path, cloud.clock.now());
      resource.making = false;
      await routeRule(cloud, resource);
    },
  });
}

/** Sends a rule's packets to the healthy targets; to all when none is (Google, "Traffic distribution"). */
export async function routeRule(cloud: GceCloud, rule: Resource): Promise<void> {
  const service = cloud.store.find(cloud.store.pathOf(String(rule.message.backendService)));
  if (!service) return;
  const targets = targetsOf(cloud, service);
  const health = await Promise.all(targets.map((each) => isHealthy(cloud, service, rule, each)));
  const healthy = targets.filter((_, index) => health[index]);
  const ids = (healthy.length > 0 ? healthy : targets).map((path) =>
    String(cloud.store.get(path).message.id),
  );
  await cloud.realizer.route(String(rule.message.IPAddress), {
    kind: 'balancer',
    ids,
    port: probePlaceOf(cloud, service).port,
  });
}

/** A group's members have changed: so has where the packets of the rules that lead to it go. */
export async function routeGroup(cloud: GceCloud, group: string): Promise<void> {
  const rules = servicesUsing(cloud, group).flatMap((service) => rulesOf(cloud, service.path));
  for (const rule of rules) await routeRule(cloud, rule);
}

function targetsOf(cloud: GceCloud, service: Resource): string[] {
  const backends = service.message.backends as { group: string }[];
  return backends.flatMap((each) => [...membersOf(cloud, cloud.store.pathOf(each.group))]).sort();
}

async function statusOf(
  cloud: GceCloud,
  service: Resource,
  rule: Resource,
  instance: string,
): Promise<Message> {
  const healthy = await isHealthy(cloud, service, rule, instance);
  const names = { forwardingRule: rule.message.selfLink, forwardingRuleIp: rule.message.IPAddress };
  return {
    instance: cloud.store.link(instance),
    healthState: healthy ? 'HEALTHY' : 'UNHEALTHY',
    port: Number(probePlaceOf(cloud, service).port),
    ...(cloud.rules.healthNamesRule ? names : {}),
  };
}

/** Probes begin once the guest agent has added the rule's address on the VM, and take a moment to make it healthy. */
async function isHealthy(
  cloud: GceCloud,
  service: Resource,
  rule: Resource,
  instance: string,
): Promise<boolean> {
  const rules = cloud.rules.healthPerRule ? [rule] : rulesOf(cloud, service.path);
  const ruleSince = Math.min(
    ...rules.map((each) => cloud.probedSince.get(each.path) ?? Number.POSITIVE_INFINITY),
  );
  const since = Math.max(ruleSince, cloud.probedSince.get(instance) ?? 0);
  if (cloud.clock.now() < since + cloud.delay('guestAgent') + cloud.delay('firstProbes')) return false;
  const observed = cloud.observed.get(instance);
  if (observed !== undefined) return observed;
  const machine = cloud.store.find(instance);
  const { port, path } = probePlaceOf(cloud, service);
  return machine !== undefined && cloud.realizer.probe(String(machine.message.id), port, path);
}

export function probePlaceOf(cloud: GceCloud, service: Resource): { port: number; path: string } {
  const [url = ''] = service.message.healthChecks as string[];
  const https = cloud.store.find(cloud.store.pathOf(url))?.message.httpsHealthCheck as Message | undefined;
  return { port: Number(https?.port ?? 443), path: String(https?.requestPath ?? '/') };
}

/** The rules that lead to a service and are at work: one that is still being made sends nothing anywhere. */
export function rulesOf(cloud: GceCloud, service: string): Resource[] {
  return cloud.store
    .all('forwardingRules')
    .filter((each) => !each.making && cloud.store.pathOf(String(each.message.backendService)) === service);
}

function checkReferences(cloud: GceCloud, ask: Ask, body: Message): void {
  for (const url of (body.healthChecks as string[] | undefined) ?? [])
    cloud.store.get(cloud.store.pathOf(url));
  for (const backend of (body.backends as { group: string; balancingMode?: string }[] | undefined) ?? []) {
    const path = cloud.store.pathOf(backend.group);
    cloud.store.get(path);
    if (!path.startsWith(`zones/${ask.params.region}-`)) throw invalid(`${path} is not in ${region(ask)}`);
    // Passthrough balancers balance connections (compute v1 reference, Backend.balancingMode).
    if (backend.balancingMode !== 'CONNECTION')
      throw invalid("Invalid value for field 'resource.backends[0].balancingMode'");
  }
}

let prints = 0;
const fingerprint = () => Buffer.from(String(++prints)).toString('base64');

function inUse(path: string, user: Resource): Refusal {
  return new Refusal(
    400,
    'resourceInUseByAnotherResource',
    `The resource '${path}' is already being used by '${user.path}'`,
  );
}
