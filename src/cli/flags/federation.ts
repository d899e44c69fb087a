import { DNS_PROVIDERS } from '../../federation/dns/open.ts';
import { DEFAULT_TTL, LEAST_TTL } from '../../federation/dns/settings.ts';
import { choice, list, number, text, toggle, withFallback } from '../flag.ts';
import * as values from '../input/values.ts';

// Federations.

export const federation = text('federation', 'NAME', 'the federation', values.clusterName, {
  defaultText: 'the only one in the store',
});
export const dnsZone = text(
  'dns-zone',
  'ZONE',
  'the DNS zone of its names, with its final dot',
  values.dnsZone,
);
export const dnsProvider = choice('dns-provider', 'NAME', 'who answers for that zone', [
  'none',
  ...DNS_PROVIDERS,
]);
export const dnsZoneId = text(
  'dns-zone-id',
  'ID',
  'of the hosted zone (Route 53), or the name of the managed zone (Cloud DNS)',
  values.dnsZoneId,
  { defaultText: 'the one public zone of that name' },
);
export const dnsEtcd = list(
  'dns-etcd',
  'ENDPOINTS',
  'of the etcd that CoreDNS answers out of; not the federation’s own',
  values.etcdEndpoint,
);
export const nameServers = list(
  'name-servers',
  'ADDRESSES',
  'who answers for the zone, where it is not delegated',
  values.nameServer,
  { defaultText: 'the resolver of CoreDNS’ machine' },
);
export const recordTtl = withFallback(
  number(
    'ttl',
    'SECONDS',
    `how long resolvers may keep an answer, ${LEAST_TTL} at least`,
    values.wholeNumber(LEAST_TTL, 86_400),
  ),
  DEFAULT_TTL,
);
export const context = text(
  'context',
  'NAME',
  'of a kubeconfig, for a cluster that is not haup’s',
  values.contextName,
);
export const kubeconfigFile = text('kubeconfig', 'FILE', 'where that context is', values.filePath, {
  defaultText: '$KUBECONFIG, or ~/.kube/config',
});
export const memberRegion = text('region', 'REGION', 'where it is', values.place, {
  defaultText: 'what its nodes say',
});
export const memberZone = text('zone', 'ZONE', 'where in the region it is', values.place, {
  defaultText: 'what its nodes say',
});
export const applyDns = toggle('apply', 'put it into the member, which is one of haup’s clusters');
export const gone = toggle('gone', 'it will never be reached again: only the federation forgets it');
export const cascade = toggle('cascade', 'what the federation put there goes, too');
