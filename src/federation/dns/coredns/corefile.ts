export interface ServerSettings {
  /** Of the etcd, all of one cluster. */
  readonly endpoints: readonly string[];
  /** Paths of PEM files on the server's machine. */
  readonly tls?: { readonly ca: string; readonly cert?: string; readonly key?: string } | undefined;
  /** The DNS zone, with its final dot. */
  readonly domain: string;
  /** Default 53. */
  readonly port?: number;
  /** Default: all of the machine's. */
  readonly listen?: string;
}

/**
 * The configuration of a CoreDNS that serves a federation's zone out of etcd.
 *
 * The etcd plugin answers a name with all that is below it: `eu.example.com` with the addresses of every Service in eu, as one answer,
 * and `*` or `any` in a name's place with whatever fits. Only whole names of Services (four labels and up, `svc` the fourth) get to it;
 * what is shorter has no records of its own. `…dns.<zone>` is where the plugin has the zone's name servers.
 */
export function serverCorefile({ domain, endpoints, tls, port = 53, listen }: ServerSettings): string {
  const zone = domain.slice(0, -1).replaceAll('.', '\\.');
  const common = `    errors
${listen === undefined ? '' : `    bind ${listen}\n`}    etcd ${domain} {
        path /skydns
        endpoint ${endpoints.join(' ')}
${tls ? `        tls ${[tls.cert, tls.key, tls.ca].filter(Boolean).join(' ')}\n` : ''}    }
`;
  return `${domain}:${port} {
    template ANY ANY ${domain} {
        match "^(?i)([^.]+[.]){0,2}(svc|[^.]+)[.]${zone}[.]$"
        match "^(?i)([^.]+[.]){0,2}svc[.]"
        match "^(?i)(.*[.])?([*]|any)[.]"
        rcode NOERROR
        fallthrough
    }
${common}    loadbalance
}
dns.${domain}:${port} {
${common}}
`;
}
