import { createHash } from 'node:crypto';
import { ProviderError } from '../errors.ts';
import type { ClusterIdentity } from '../provider.ts';

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const UID = /^[0-9a-f]{16}$/;

/**
 * Refuses every name that could mean something to a path, a shell, nft or a unit. The command line checks names as
 * well; here nothing depends on that.
 * @throws ProviderError `invalid`
 */
export function dnsLabel(what: string, value: string, maxLength = 63): string {
  if (value.length <= maxLength && LABEL.test(value)) return value;
  throw new ProviderError(
    'invalid',
    `${what} ${JSON.stringify(value.slice(0, 80))} is not a DNS label: 1 to ${maxLength} lower-case letters, digits ` +
      'and hyphens, not beginning or ending with a hyphen',
  );
}

export function machineName(value: string): string {
  return dnsLabel('the machine name', value);
}

/** @throws ProviderError `invalid` when any part of the identity could escape into a path, a shell or a rule. */
export function checkIdentity(cluster: ClusterIdentity): void {
  dnsLabel('the cluster name', cluster.name, 40);
  dnsLabel('the region', cluster.region);
  dnsLabel('the zone', cluster.zone);
  if (!UID.test(cluster.uid)) {
    throw new ProviderError(
      'invalid',
      `the cluster's uid ${JSON.stringify(cluster.uid)} is not 16 hex digits`,
    );
  }
  if (!Number.isInteger(cluster.apiPort) || cluster.apiPort < 1 || cluster.apiPort > 65_535) {
    throw new ProviderError('invalid', `${cluster.apiPort} is not a TCP port`);
  }
}

/** A network interface's name from any text: the kernel allows 15 characters, so a prefix and a digest. */
export function linkName(prefix: string, ...of: readonly string[]): string {
  const digest = createHash('sha256').update(of.join('\0')).digest('hex');
  return `${prefix}${digest.slice(0, 15 - prefix.length)}`;
}

/** The fabric's network namespace: the cluster's private network. */
export function fabricNamespace(key: string): string {
  return `haup-${key}`;
}

export function machineNamespace(key: string, name: string): string {
  return `haup-${key}.m.${machineName(name)}`;
}

export function balancerNamespace(key: string): string {
  return `haup-${key}.lb`;
}
