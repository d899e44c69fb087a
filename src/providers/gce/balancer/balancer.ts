import type { Balancer, BalancerState } from '../../provider.ts';
import { giveAddresses } from '../address/access.ts';
import type { Context } from '../api/cloud.ts';
import { make, mustOwn, remove } from '../api/common.ts';
import { GceError } from '../api/errors.ts';
import { linkTo } from '../api/links.ts';
import { type BackendService, backendService, type HealthCheck, healthCheck } from '../api/schemas.ts';
import type { Instances } from '../machines.ts';
import { lastPart } from '../names.ts';
import type { GceSettings } from '../settings.ts';
import { changeMembers, groupZones, type Members, makeGroups, readMembers, removeGroups } from './groups.ts';
import { healthyMembers, untilHealthy } from './health.ts';
import { makeRule, type Rules, readRules, removeRule, ruleAddress, settledRules } from './rules.ts';

/** Under which address targets have health now. */
interface Warmth {
  readonly ip: string;
  /** Its rule was not there before: no target can be healthy behind it yet. */
  readonly isNew: boolean;
}

/** The balancer, with what the handover of the API address needs of it. */
export interface GceBalancer extends Balancer {
  /** Its targets by zone. @throws `conflict` when it is not there. */
  targets(): Promise<Members>;
  /** Makes the temporary rule unless a rule is there. */
  warm(): Promise<Warmth>;
  /** What a run that ended in a handover's middle has left to do: addresses for machines, then {@link settle}. */
  finish(): Promise<void>;
  /** Ends the temporary rule (address: `before`) once the targets are healthy behind the one with the API address. */
  settle(members: Members, before: string, ip: string): Promise<void>;
}

/**
 * External passthrough network load balancer: forwarding rules → regional backend service → one unmanaged instance
 * group a zone, with a regional HTTPS health check (Google, "backend service-based external passthrough Network Load
 * Balancer"). A *temporary* forwarding rule gives the targets health before the API address comes; that both rules
 * exist says that a handover is not finished.
 */
export function openBalancer(context: Context, settings: GceSettings, instances: Instances): GceBalancer {
  const { cloud, cluster, names, description } = context;
  const { region } = cluster;

  async function readService(): Promise<BackendService | null> {
    const request = { region, backendService: names.backendService };
    const found = await cloud.get('regionBackendServices.get', request, backendService);
    if (found) mustOwn(context, found.description, `the backend service ${names.backendService}`);
    return found;
  }

  async function readCheck(): Promise<HealthCheck | null> {
    const request = { region, healthCheck: names.healthCheck };
    const found = await cloud.get('regionHealthChecks.get', request, healthCheck);
    if (found) mustOwn(context, found.description, `the health check ${names.healthCheck}`);
    return found;
  }

  async function makeCheck(): Promise<void> {
    const healthCheckResource = {
      name: names.healthCheck,
      description,
      type: 'HTTPS',
      httpsHealthCheck: { port: cluster.apiPort, requestPath: '/readyz' },
      // Longer than an etcd election in all: /readyz includes etcd, and a quicker check would take every target down.
      checkIntervalSec: 2,
      timeoutSec: 2,
      healthyThreshold: 1,
      unhealthyThreshold: 3,
    };
    const thing = `the health check ${names.healthCheck}`;
    await make(context, 'regionHealthChecks.insert', { region, healthCheckResource }, thing, readCheck);
  }

  const backendOf = async (zone: string) => ({
    group: await linkTo(context, `zones/${zone}/instanceGroups/${names.group}`),
    balancingMode: 'CONNECTION',
  });

  async function makeService(zones: readonly string[]): Promise<void> {
    const backendServiceResource = {
      name: names.backendService,
      description,
      loadBalancingScheme: 'EXTERNAL',
      protocol: 'TCP',
      healthChecks: [await linkTo(context, `regions/${region}/healthChecks/${names.healthCheck}`)],
      backends: await Promise.all(zones.map(backendOf)),
      connectionDraining: { drainingTimeoutSec: 30 },
      // A dead target's connections go to another one, which resets them: clients come back at once and do not hang.
      connectionTrackingPolicy: {
        trackingMode: 'PER_CONNECTION',
        connectionPersistenceOnUnhealthyBackends: 'NEVER_PERSIST',
      },
    };
    const thing = `the backend service ${names.backendService}`;
    await make(
      context,
      'regionBackendServices.insert',
      { region, backendServiceResource },
      thing,
      readService,
    );
  }

  /** Adds zones to the backend service; another writer in between (412) means: look again. */
  async function addZones(first: BackendService, zones: readonly string[]): Promise<void> {
    let service: BackendService | null = first;
    for (let attempt = 0; service; attempt++) {
      const present = zonesOf(service);
      const missing = zones.filter((zone) => !present.includes(zone));
      if (missing.length === 0) return;
      const backends = await Promise.all([...present, ...missing].map(backendOf));
      const backendServiceResource = { backends, fingerprint: service.fingerprint };
      const request = { region, backendService: names.backendService, backendServiceResource };
      try {
        return await cloud.mutate(
          'regionBackendServices.patch',
          request,
          `adding ${missing.join(', ')} to the load balancer`,
        );
      } catch (error) {
        if (
          !(error instanceof GceError && /conditionNotMet|CONDITION_NOT_MET|^412$/.test(error.reason)) ||
          attempt === 3
        )
          throw error;
        service = await readService();
      }
    }
  }

  async function ensureService(zones: readonly string[]): Promise<void> {
    const service = await readService();
    const missing = service ? zones.filter((zone) => !zonesOf(service).includes(zone)) : zones;
    if (missing.length > 0) context.progress('making the load balancer');
    await Promise.all([makeGroups(context, settings, missing), ...(service ? [] : [makeCheck()])]);
    if (service) await addZones(service, missing);
    else await makeService(zones);
  }

  async function warm(): Promise<Warmth> {
    const present = await ruleAddress(context);
    if (present) return { ip: present, isNew: false };
    await makeRule(context, names.warmRule, undefined);
    const made = await ruleAddress(context);
    if (made) return { ip: made, isNew: true };
    throw new GceError(
      'transient',
      'noRule',
      `the forwarding rule ${names.warmRule} vanished as soon as it was made`,
    );
  }

  async function targets(): Promise<Members> {
    const service = await readService();
    if (!service) {
      throw new GceError('conflict', 'noBalancer', 'the load balancer is not there or not complete', {
        advice: { to: 'make it complete', command: 'repair' },
      });
    }
    return readMembers(context, zonesOf(service));
  }

  async function finish(): Promise<void> {
    await giveAddresses(context, await instances.all());
    const { final, warm: temporary } = await settledRules(context);
    if (final && temporary) await settle(await targets(), temporary.IPAddress, final.IPAddress);
  }

  async function settle(members: Members, before: string, ip: string): Promise<void> {
    // The temporary rule goes when the targets are as healthy behind the API address as they are behind it.
    const healthy = [...(await healthyMembers(context, members, before))];
    await untilHealthy(context, members, ip, healthy);
    await removeRule(context, names.warmRule);
    // Where the cloud does not say which rule a target is healthy behind, only now it is known of this one.
    await untilHealthy(context, members, ip, healthy);
  }

  return {
    targets,
    warm,
    finish,
    settle,
    async read() {
      const [service, rules] = await Promise.all([readService(), readRules(context)]);
      if (!service) {
        const [check, zones] = await Promise.all([readCheck(), groupZones(context)]);
        const nothing = !check && zones.length === 0 && !rules.final && !rules.warm;
        return nothing ? null : { name: names.backendService, complete: false, targets: [], dnsName: null };
      }
      return stateOf(context, service, rules);
    },
    async ensure(zones) {
      await ensureService(zones);
      const { final, warm: temporary } = await readRules(context);
      if (!final && !temporary) await makeRule(context, names.warmRule, undefined);
      if (final && temporary) await finish();
    },
    async setTargets(machines) {
      const present = new Map((await instances.all()).map((each) => [each.name, lastPart(each.zone)]));
      const wanted = machines.map((name) => ({ name, zone: present.get(name) }));
      const lost = wanted.filter((each) => each.zone === undefined).map((each) => each.name);
      if (lost.length > 0) {
        throw new GceError('not-found', 'notFound', `no instance to be a target: ${lost.join(', ')}`);
      }
      const wantedIn = (zone: string) => wanted.filter((each) => each.zone === zone).map((each) => each.name);
      const zones = [...new Set(wanted.map((each) => each.zone ?? ''))];
      let members = await targets();
      if (zones.some((zone) => !members.has(zone))) {
        await ensureService(zones);
        members = await targets();
      }
      const added = [...zones].map((zone) => ({
        zone,
        names: wantedIn(zone).filter((name) => !members.get(zone)?.includes(name)),
      }));
      await Promise.all(
        added
          .filter((each) => each.names.length > 0)
          .map((each) => changeMembers(context, 'addInstances', each.zone, each.names)),
      );
      const now: Members = new Map(
        [...members].map(([zone, list]) => [zone, [...new Set([...list, ...wantedIn(zone)])]]),
      );
      const newcomers = added.flatMap((each) => each.names);
      if (newcomers.length > 0) await untilHealthy(context, now, (await warm()).ip, newcomers);
      await Promise.all(
        [...members]
          .map(([zone, list]) => ({ zone, names: list.filter((name) => !wantedIn(zone).includes(name)) }))
          .filter((each) => each.names.length > 0)
          .map((each) => changeMembers(context, 'removeInstances', each.zone, each.names)),
      );
    },
    async delete() {
      const [rules, zones] = await Promise.all([
        readRules(context),
        groupZones(context),
        // Only whose they are is of interest.
        readService(),
        readCheck(),
      ]);
      const rulesLeft = [rules.final, rules.warm].filter((rule) => rule !== null);
      await Promise.all(rulesLeft.map((rule) => removeRule(context, rule.name)));
      const service = { region, backendService: names.backendService };
      await remove(
        context,
        'regionBackendServices.delete',
        service,
        `deleting the backend service ${names.backendService}`,
      );
      const check = { region, healthCheck: names.healthCheck };
      await Promise.all([
        remove(context, 'regionHealthChecks.delete', check, `deleting the health check ${names.healthCheck}`),
        removeGroups(context, zones),
      ]);
    },
  };
}

async function stateOf(context: Context, service: BackendService, rules: Rules): Promise<BalancerState> {
  const members = await readMembers(context, zonesOf(service));
  const rule = rules.final ?? rules.warm;
  const healthy = rule ? await healthyMembers(context, members, rule.IPAddress) : new Set<string>();
  const names = [...members.values()].flat().sort();
  return {
    name: service.name,
    complete: (rules.final === null) !== (rules.warm === null),
    targets: names.map((replica) => ({ replica, health: healthy.has(replica) ? 'healthy' : 'unhealthy' })),
    dnsName: null,
  };
}

function zonesOf(service: BackendService): readonly string[] {
  return service.backends
    .map((backend) => /\/zones\/([^/]+)\//.exec(backend.group)?.[1] ?? '')
    .filter(Boolean);
}
