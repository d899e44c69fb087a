import type { CloudClock } from '../shared/clock.ts';
import { type Fault, Faults } from '../shared/faults.ts';
import type { Realizer } from '../shared/realizer.ts';
import { matcher } from './filter.ts';
import { prepopulate } from './firewall.ts';
import { Operations } from './operations.ts';
import { invalid, notFound, Refusal } from './refusal.ts';
import { type Delays, type UnsureRules, usual, usualDelays } from './rules.ts';
import { type Message, type Resource, Store } from './store.ts';

/** One checked request. */
export interface Ask {
  readonly method: string;
  /** Path and query parameters by the names that the request message gives them. */
  readonly params: Readonly<Record<string, string>>;
  readonly body: Message;
  readonly fault: Fault | undefined;
}
export type Handler = (cloud: GceCloud, ask: Ask) => Message | Promise<Message>;

export interface CloudOptions {
  readonly clock: CloudClock;
  readonly realizer: Realizer;
  readonly rules?: Partial<UnsureRules>;
  readonly delays?: Delays;
  /** Items of a page of a list; GCE's default is 500, a small one shows who forgets to turn pages. */
  readonly pageSize?: number;
}

/** What lives in zones; the rest that can be listed over all scopes lives in regions, or is global. */
const ZONAL = ['instances', 'disks', 'instanceGroups', 'instanceGroupManagers'];

const NAME = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** A Compute Engine of one project, in memory, that keeps the rules of CLOUDS.md. */
export class GceCloud {
  readonly project = 'haup-test';
  readonly regions: Readonly<Record<string, readonly string[]>> = {
    'europe-west1': ['europe-west1-b', 'europe-west1-c', 'europe-west1-d'],
    'europe-west4': ['europe-west4-a', 'europe-west4-b', 'europe-west4-c'],
  };
  /** `default` is an auto mode network; `custom` is not: its instances must name their subnetwork. */
  readonly networks: readonly string[] = ['default', 'custom'];
  readonly clock: CloudClock;
  readonly realizer: Realizer;
  readonly rules: UnsureRules;
  readonly delays: Delays;
  readonly pageSize: number;
  /** Google's default for static routes a network is 250 or so, and differs between projects. */
  readonly limits = { routes: 250 };
  /** Where pods' packets go now, by their range, and the change of it that is under way. */
  readonly led = new Map<string, string>();
  leading: Promise<void> = Promise.resolve();
  readonly store = new Store(this.project);
  readonly operations: Operations;
  readonly faults = new Faults();
  readonly denied = new Set<string>();
  /** Whether those who ask for an access token are refused it. */
  loginExpired = false;
  /** Zones that do not answer: an aggregated list lacks them and says so. */
  readonly unreachable = new Set<string>();
  /** From when on a target gets probes of a rule, by `target rule`. */
  readonly probedSince = new Map<string, number>();
  /** Until when an address counts as in use though nobody uses it. */
  readonly lingering = new Map<string, number>();
  /** What the health checkers last found of each instance, where they run (see prober.ts); else it is asked of it. */
  readonly observed = new Map<string, boolean>();

  constructor(options: CloudOptions) {
    this.clock = options.clock;
    this.realizer = options.realizer;
    this.rules = { ...usual, ...options.rules };
    this.delays = { ...usualDelays, ...options.delays };
    this.pageSize = options.pageSize ?? 500;
    this.operations = new Operations(this.store, options.clock);
    prepopulate(this.store);
  }

  delay(name: string): number {
    return this.delays[name] ?? this.delays.default ?? 0;
  }

  /** Makes a resource: there at once (or from the operation's end on), as it should be when the operation has ended. */
  insert(
    ask: Ask,
    options: {
      readonly scope: string;
      readonly collection: string;
      readonly kind: string;
      readonly message: Message;
      /** Refusals over other resources. */
      readonly check?: () => void;
      /** What it has from its first moment on; not run for a request that is refused or repeated. */
      readonly begin?: (resource: Resource) => void;
      readonly apply?: (resource: Resource) => void | Promise<void>;
      /** Takes back what `begin` did, when the operation ends in an error. */
      readonly undo?: (resource: Resource) => void;
    },
  ): Message {
    const name = String(options.message.name ?? '');
    const path = `${options.scope}/${options.collection}/${name}`;
    const request = `${ask.method} ${path}`;
    const repeated = this.operations.repeated(ask.params.requestId, request);
    if (repeated) return repeated.message;
    if (!NAME.test(name)) {
      throw invalid(
        `Invalid value for field 'resource.name': '${name}'. Must be a match of regex '[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?'`,
      );
    }
    if (this.rules.inUse === 'answer') options.check?.();
    const resource = this.store.add(
      path,
      options.kind,
      options.message,
      this.rules.insertVisible === 'at-end',
    );
    options.begin?.(resource);
    return this.operations.begin({
      request,
      requestId: ask.params.requestId,
      scope: options.scope,
      target: path,
      delayMs: this.delay(ask.method),
      fault: ask.fault,
      apply: async () => {
        if (this.rules.inUse === 'operation') options.check?.();
        await options.apply?.(resource);
        resource.hidden = false;
        resource.making = false;
      },
      undo: () => {
        options.undo?.(resource);
        this.store.remove(path);
      },
    }).message;
  }

  /** Changes a resource when the operation ends. */
  change(
    ask: Ask,
    path: string,
    options: { check?: () => void; begin?: () => void; apply: () => void | Promise<void>; undo?: () => void },
  ): Message {
    const request = `${ask.method} ${path}`;
    const repeated = this.operations.repeated(ask.params.requestId, request);
    if (repeated) return repeated.message;
    const resource = this.store.get(path);
    if (resource.deletedBy !== null) throw notReady(this.project, path);
    if (this.rules.inUse === 'answer') options.check?.();
    options.begin?.();
    return this.operations.begin({
      request,
      requestId: ask.params.requestId,
      scope: scopeOf(path),
      target: path,
      delayMs: this.delay(ask.method),
      fault: ask.fault,
      apply: async () => {
        if (this.store.find(path) !== resource) throw notFound(`${this.project}/${path}`);
        if (this.rules.inUse === 'operation') options.check?.();
        await options.apply();
      },
      undo: () => options.undo?.(),
    }).message;
  }

  /** Deletes a resource when the operation ends. */
  delete(
    ask: Ask,
    path: string,
    options: {
      check?: () => void;
      begin?: () => void;
      apply?: () => void | Promise<void>;
      undo?: () => void | Promise<void>;
    } = {},
  ): Message {
    const request = `${ask.method} ${path}`;
    const repeated = this.operations.repeated(ask.params.requestId, request);
    if (repeated) return repeated.message;
    const resource = this.store.get(path);
    if (resource.deletedBy !== null && this.rules.secondDelete === 'resourceNotReady')
      throw notReady(this.project, path);
    if (this.rules.inUse === 'answer') options.check?.();
    options.begin?.();
    const operation = this.operations.begin({
      request,
      requestId: ask.params.requestId,
      scope: scopeOf(path),
      target: path,
      delayMs: this.delay(ask.method),
      fault: ask.fault,
      apply: async () => {
        if (this.store.find(path) !== resource) return; // another operation has deleted it meanwhile
        if (this.rules.inUse === 'operation') options.check?.();
        await options.apply?.();
        this.store.remove(path);
      },
      undo: async () => {
        resource.deletedBy = null;
        await options.undo?.();
      },
    });
    resource.deletedBy = String(operation.message.name);
    return operation.message;
  }

  /** A page of a list. */
  list(ask: Ask, collection: string, scope: string, kind: string): Message {
    const matches = matcher(ask.params.filter);
    const all = this.store
      .withGiven(collection, scope)
      .filter((each) => !each.hidden && matches(each.message));
    return {
      kind: `compute#${kind}`,
      ...this.page(
        ask,
        all.map((each) => each.message),
      ),
    };
  }

  page(ask: Ask, all: readonly Message[]): { items: Message[]; nextPageToken?: string } {
    const from = Number(ask.params.pageToken ?? 0);
    const size = Math.min(Number(ask.params.maxResults ?? this.pageSize), this.pageSize);
    const items = all.slice(from, from + size);
    return from + size < all.length ? { items, nextPageToken: String(from + size) } : { items };
  }

  /** A page of an aggregated list: every scope appears, those without items with a warning (compute v1 reference). */
  aggregated(ask: Ask, collection: string, kind: string): Message {
    const matches = matcher(ask.params.filter);
    const all = this.store.all(collection).filter((each) => !each.hidden && matches(each.message));
    const { items, nextPageToken } = this.page(
      ask,
      all.map((each) => each.message),
    );
    const places = ZONAL.includes(collection)
      ? Object.values(this.regions)
          .flat()
          .map((zone) => `zones/${zone}`)
      : ['global', ...Object.keys(this.regions).map((region) => `regions/${region}`)];
    const silent = places.filter((place) => this.unreachable.has(place.replace('zones/', '')));
    const scopes = places.map((place) => {
      const link = this.store.link(place);
      const here = items.filter((each) =>
        place === 'global' ? String(each.selfLink).startsWith(link) : [each.zone, each.region].includes(link),
      );
      const warning = {
        code: 'NO_RESULTS_ON_PAGE',
        message: `There are no results for scope '${place}' on this page.`,
      };
      if (silent.includes(place))
        return [place, { warning: { code: 'UNREACHABLE', message: `${place} is unreachable` } }];
      return [place, here.length > 0 ? { [collection]: here } : { warning }];
    });
    return {
      kind: `compute#${kind}`,
      items: Object.fromEntries(scopes),
      ...(silent.length > 0 ? { unreachables: silent } : {}),
      ...(nextPageToken ? { nextPageToken } : {}),
    };
  }

  /** @throws 404 for a zone that does not exist. */
  mustBeZone(zone: string): void {
    if (!Object.values(this.regions).flat().includes(zone))
      throw new Refusal(
        404,
        'notFound',
        `The resource 'projects/${this.project}/zones/${zone}' was not found`,
      );
  }

  mustBeNetwork(url: string | undefined): void {
    const name = this.store.pathOf(url ?? 'global/networks/default').replace('global/networks/', '');
    if (!this.networks.includes(name))
      throw new Refusal(
        404,
        'notFound',
        `The resource 'projects/${this.project}/global/networks/${name}' was not found`,
      );
  }
}

/** `zones/z` of `zones/z/instances/i`; `global` of `global/firewalls/f`. */
function scopeOf(path: string): string {
  return path.startsWith('global/') ? 'global' : path.split('/').slice(0, 2).join('/');
}

function notReady(project: string, path: string): Refusal {
  return new Refusal(400, 'resourceNotReady', `The resource 'projects/${project}/${path}' is not ready`);
}
