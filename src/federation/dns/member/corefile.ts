import { nameOf, type Place } from '../names.ts';
import { isPlaceLabel } from '../settings.ts';

export interface MemberDnsSettings extends Place {
  readonly federation: string;
  /** The federation's DNS zone, with its final dot. */
  readonly domain: string;
  /** The member's own, without a dot at either end. Default cluster.local. */
  readonly clusterDomain?: string;
  /**
   * Who answers for the federation's zone: addresses, with a port or without. Empty: whoever answers for the machine (`/etc/resolv.conf`),
   * which is right where the zone is delegated.
   */
  readonly servers?: readonly string[];
}

/** Within the CoreDNS process; nobody else can reach it. */
const INNER_PORT = 5353;

/**
 * What a member's CoreDNS needs beside its own configuration, so that in a pod `<service>.<namespace>.<federation>` is the member's own
 * Service where that has a ready endpoint, and else what the federation's nearest name leads to. To be put behind the member's own blocks.
 *
 * A pod's search list makes `web.ns.fed` into `web.ns.fed.svc.cluster.local`; that, and the name by itself, are this block's. It asks
 * for the local Service, with `ignore empty_service` (plugin/kubernetes, README): one without ready endpoints is then as if it were not
 * there, and the question goes on, by `fallthrough`, to the second block, which asks for the federation's name in its place. Both
 * write the names in the answer back, so that the pod gets an answer to what it asked.
 */
export function memberCorefilePart(settings: MemberDnsSettings): string {
  const { federation, clusterDomain = 'cluster.local', servers = [] } = settings;
  const place = { region: labelOr(settings.region), zone: labelOr(settings.zone) };
  const nearest = nameOf(settings, { name: '{1}', namespace: '{2}' }, place);
  const inner = `svc.${clusterDomain}`;
  const to = servers.length > 0 ? servers.join(' ') : '/etc/resolv.conf';
  return `${federation}.${inner}:53 ${federation}:53 {
    errors
    rewrite stop {
       name regex ^([^.]+)\\.([^.]+)\\.${federation}(\\.${escaped(inner)})?\\.$ {1}.{2}.${inner}
       answer auto
    }
    kubernetes ${clusterDomain} {
       ignore empty_service
       ttl 5
       fallthrough
    }
    forward ${inner} 127.0.0.1:${INNER_PORT}
    loadbalance
    reload
}
${inner}:${INNER_PORT} {
    bind 127.0.0.1
    errors
    rewrite stop {
       name regex ^([^.]+)\\.([^.]+)\\.${escaped(inner)}\\.$ ${nearest.slice(0, -1)}
       answer auto
    }
    cache 30 {
       serve_stale 1h verify
    }
    forward . ${to}
    loadbalance
}
`;
}

/** A region or zone that cannot be in a name has no names: the next level's are used. */
function labelOr(label: string): string {
  const small = label.toLowerCase();
  return isPlaceLabel(small) ? small : '';
}

function escaped(name: string): string {
  return name.replaceAll('.', '\\.');
}
