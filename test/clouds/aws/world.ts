import type { IpPermission, Tag } from '@aws-sdk/client-ec2';
import type { CloudClock } from '../shared/clock.ts';
import type { Realizer } from '../shared/realizer.ts';

/** How long things take, in ms. Sources: CLOUDS.md. */
export interface Delays {
  /** Until a thing just made is known to every call: "eventual consistency". */
  consistency: number;
  /** pending → running. */
  pending: number;
  stopping: number;
  /** For how long an instance that was started is still shown as stopped: "eventual consistency". */
  staleState: number;
  /** shutting-down → terminated. */
  shuttingDown: number;
  /** An interface, and with it a security group, stays in use that long after its owner is gone. */
  interfaceRelease: number;
  /** A new load balancer: provisioning → active. aws-load-balancer-controller#1786. */
  provisioning: number;
  /** From SetSubnets to a working node in the new zone. */
  setSubnets: number;
  /** From SetSubnets, or DeleteLoadBalancer, to a free Elastic IP. */
  freeAddress: number;
  /** A target: initial → checked. aws-load-balancer-controller#1834. */
  initial: number;
  /** A deregistered target stays draining at least that long. aws-load-balancer-controller#2366. */
  draining: number;
  deleteBalancer: number;
}

/** What could not be confirmed without an account: haup must work with either. */
export interface Readings {
  /** A target in a zone that the balancer has not enabled, cross-zone balancing on. ELBv2: the docs contradict each other. */
  targetOutsideZones: 'unused' | 'checked';
  /** Associating an Elastic IP with an instance that has one. The present reference says it displaces; older ones refuse. */
  associateOver: 'displaces' | 'refuses';
  /** An instance that has lost its Elastic IP. EC2 user guide: another one "within a few minutes"; users: never. */
  lostAddress: 'never' | 'later';
  /** What EC2 answers about an Elastic IP that a balancer's node has. terraform-provider-aws#1956: the first. */
  heldByBalancer: 'AuthFailure' | 'Resource.AlreadyAssociated' | 'OperationNotPermitted';
  /** Whether DescribeAddresses names the owner of a balancer's interface as amazon-elb or as the account. */
  interfaceOwner: 'amazon-elb' | 'account';
  /** The state shown while SetSubnets is carried out. */
  stateDuringSetSubnets: 'active' | 'provisioning';
}

export const defaultReadings: Readings = {
  targetOutsideZones: 'unused',
  associateOver: 'displaces',
  lostAddress: 'never',
  heldByBalancer: 'AuthFailure',
  interfaceOwner: 'amazon-elb',
  stateDuringSetSubnets: 'active',
};

export const otherReadings: Readings = {
  targetOutsideZones: 'checked',
  associateOver: 'refuses',
  lostAddress: 'later',
  heldByBalancer: 'Resource.AlreadyAssociated',
  interfaceOwner: 'account',
  stateDuringSetSubnets: 'provisioning',
};

/** As slow as the real ones are said to be. */
export const realisticDelays: Delays = {
  consistency: 3_000,
  pending: 15_000,
  stopping: 30_000,
  staleState: 2_000,
  shuttingDown: 40_000,
  interfaceRelease: 60_000,
  provisioning: 150_000,
  setSubnets: 45_000,
  freeAddress: 15_000,
  initial: 150_000,
  draining: 120_000,
  deleteBalancer: 10_000,
};

export interface Thing {
  readonly id: string;
  readonly createdAt: number;
  tags: Tag[];
}

export interface SubnetThing extends Thing {
  readonly vpcId: string;
  readonly zone: string;
  readonly isDefault: boolean;
  readonly opensPublicly: boolean;
  freeAddresses: number;
}

export interface ImageThing extends Thing {
  readonly owner: string;
  readonly name: string;
  readonly created: string;
  readonly architecture: 'x86_64' | 'arm64';
  readonly rootDevice: string;
}

export type InstanceState = 'pending' | 'running' | 'shutting-down' | 'terminated' | 'stopping' | 'stopped';

export interface InstanceThing extends Thing {
  readonly type: string;
  readonly imageId: string;
  readonly subnet: SubnetThing;
  readonly groups: readonly string[];
  readonly interfaceId: string;
  readonly userData: string | null;
  readonly imds: { tokens: string; hops: number };
  readonly volume: { encrypted: boolean; type: string; size: number; tags: Tag[] };
  readonly interfaceTags: Tag[];
  state: InstanceState;
  /** What DescribeInstances shows until then. */
  stale: { readonly state: InstanceState; readonly until: number } | null;
  reason: { Code: string; Message: string } | null;
  internalIp: string;
  /** The address that EC2 gave it by itself; null while it has an Elastic IP or none. */
  ephemeralIp: string | null;
  /** Packets neither from nor to its own address are dropped. EC2 user guide: on unless switched off. */
  sourceDestCheck: boolean;
  /** When its interface stopped, or will stop, using its security groups. */
  interfaceGoneAt: number | null;
}

export interface GroupThing extends Thing {
  readonly name: string;
  readonly description: string;
  readonly vpcId: string;
  /** One source each. */
  rules: IpPermission[];
}

export interface RouteThing {
  readonly destination: string;
  readonly interfaceId: string;
  readonly since: number;
  /** When it was deleted: it is shown until that has spread. */
  goneAt: number | null;
}

export interface RouteTableThing extends Thing {
  readonly vpcId: string;
  /** For subnets without a table of their own. */
  readonly main: boolean;
  readonly subnets: readonly string[];
  routes: RouteThing[];
}

export interface Association {
  readonly id: string;
  readonly instanceId: string | null;
  /** A balancer's node. */
  readonly node: { readonly balancerArn: string; readonly zone: string } | null;
}

export interface AddressThing extends Thing {
  readonly ip: string;
  association: Association | null;
  /** What DescribeAddresses shows until the change has spread. */
  before: Association | null;
  changedAt: number;
}

export interface NodeThing {
  readonly subnet: SubnetThing;
  readonly allocationId: string | null;
  readonly ip: string;
  readonly enabledAt: number;
  ready: boolean;
  /** Where its packets go now, as text. */
  routed: string;
}

export interface BalancerThing extends Thing {
  readonly name: string;
  readonly dnsName: string;
  readonly groups: readonly string[];
  readonly fingerprint: string;
  nodes: NodeThing[];
  attributes: Record<string, string>;
  activeAt: number;
  failed: string | null;
}

export interface TargetThing {
  readonly instanceId: string;
  readonly registeredAt: number;
  drainedAt: number | null;
}

export interface TargetGroupThing extends Thing {
  readonly name: string;
  readonly port: number;
  readonly path: string;
  readonly vpcId: string;
  readonly fingerprint: string;
  readonly health: {
    interval: number;
    timeout: number;
    rise: number;
    fall: number;
    protocol: string;
    matcher: string;
  };
  attributes: Record<string, string>;
  targets: TargetThing[];
}

export interface ListenerThing extends Thing {
  readonly balancerArn: string;
  readonly groupArn: string;
  readonly port: number;
}

/** Interfaces of balancers that were deleted, and still use their groups. */
export interface Leftover {
  readonly groups: readonly string[];
  readonly goneAt: number;
}

export interface WorldOptions {
  readonly clock: CloudClock;
  readonly realizer: Realizer;
  readonly region: string;
  readonly accountId: string;
  readonly delays: Delays;
  readonly readings: Readings;
  /** Items a page; 0: all on one. */
  readonly pageSize: number;
  readonly limits: { addresses: number; instances: number; routes: number };
}

/** All that the cloud knows. */
export class World {
  readonly options: WorldOptions;
  readonly accountId: string;
  /** By name, in the state that AWS reports. */
  readonly zones = new Map<string, 'available' | 'impaired' | 'unavailable'>();
  /** Zones in which nothing works, reported or not. */
  readonly lost = new Set<string>();
  readonly vpcs = new Map<string, Thing & { isDefault: boolean }>();
  readonly subnets = new Map<string, SubnetThing>();
  readonly tables = new Map<string, RouteTableThing>();
  /** Where pods' packets go now, by their range. */
  readonly led = new Map<string, string>();
  leading: Promise<void> = Promise.resolve();
  readonly images = new Map<string, ImageThing>();
  readonly instances = new Map<string, InstanceThing>();
  readonly groups = new Map<string, GroupThing>();
  readonly addresses = new Map<string, AddressThing>();
  readonly balancers = new Map<string, BalancerThing>();
  readonly targetGroups = new Map<string, TargetGroupThing>();
  readonly listeners = new Map<string, ListenerThing>();
  leftovers: Leftover[] = [];
  #next = 0;

  constructor(options: WorldOptions) {
    this.options = options;
    this.accountId = options.accountId;
  }

  get now(): number {
    return this.options.clock.now();
  }

  get delays(): Delays {
    return this.options.delays;
  }

  get readings(): Readings {
    return this.options.readings;
  }

  /** As AWS makes them: a prefix and 17 hex digits. */
  newId(prefix: string): string {
    this.#next++;
    return `${prefix}-0${this.#next.toString(16).padStart(16, '0')}`;
  }

  after(ms: number, action: () => void | Promise<void>): void {
    const { clock } = this.options;
    clock.after(ms, () => {
      void clock.busy(async () => action());
    });
  }

  /** Known to every call by now. */
  isKnown(thing: Thing): boolean {
    return this.now >= thing.createdAt + this.delays.consistency;
  }

  known<T extends Thing>(things: ReadonlyMap<string, T>): T[] {
    return [...things.values()].filter((thing) => this.isKnown(thing));
  }
}

export function tagValue(thing: { readonly tags: readonly Tag[] }, key: string): string | undefined {
  return thing.tags.find((tag) => tag.Key === key)?.Value;
}
