import { formatIp, parseIp } from '../../../util/ipv4.ts';

/**
 * The address plan. External addresses come from 198.18.0.0/15 (benchmark range, RFC 2544), which nobody routes: each
 * cluster gets a /24 of it, its slot. Private addresses exist only inside the cluster's fabric namespace, so that
 * every cluster uses the same ones, as networks of a cloud may.
 */
export const SLOTS = 512;

const EXTERNAL_BASE = parseIp('198.18.0.0');

/** Host numbers inside a slot's /24. */
const OPERATOR = 1;
const GATEWAY = 2;
const API = 10;
const EPHEMERAL = { first: 20, last: 191 } as const;
const SERVICES = 192;

function external(slot: number, host: number): string {
  return formatIp(EXTERNAL_BASE + slot * 256 + host);
}

export function externalRange(slot: number): string {
  return `${external(slot, 0)}/24`;
}

/** The host's own end of the link into the fabric: what machines see as the operator's address. */
export function operatorIp(slot: number): string {
  return external(slot, OPERATOR);
}

/** The fabric's end of that link. */
export function gatewayIp(slot: number): string {
  return external(slot, GATEWAY);
}

export function apiIp(slot: number): string {
  return external(slot, API);
}

export function ephemeralIps(slot: number): string[] {
  const ips: string[] = [];
  for (let host = EPHEMERAL.first; host <= EPHEMERAL.last; host++) ips.push(external(slot, host));
  return ips;
}

/** The slot's addresses for Services of type LoadBalancer: .192 to .255. */
export function serviceRange(slot: number): string {
  return `${external(slot, SERVICES)}/26`;
}

/** Every cluster's external addresses. */
export const EXTERNAL_RANGE = '198.18.0.0/15';

/** All private networks of a cluster. */
export const PRIVATE_RANGE = '10.128.0.0/16';
export const BALANCER_IP = '10.128.255.2';
const ZONE_LETTERS = ['a', 'b', 'c', 'd'] as const;

export function zonesOf(region: string): string[] {
  return ZONE_LETTERS.map((letter) => `${region}-${letter}`);
}

/** The zone's private subnet is 10.128.<zone>.0/24; machines get .2 to .254 of it, its gateway .1. */
export function privateIps(zoneIndex: number): string[] {
  const ips: string[] = [];
  for (let host = 2; host <= 254; host++) ips.push(`10.128.${zoneIndex}.${host}`);
  return ips;
}

/** The gateway of the subnet that `ip` is in. */
export function subnetGateway(ip: string): string {
  return ip.replace(/\.\d+$/, '.1');
}
