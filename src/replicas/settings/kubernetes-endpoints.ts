import { apiClient } from './api-client.ts';

/**
 * `kubernetes-endpoints.sh`: keeps the endpoints of the `kubernetes` service exactly the API address.
 *
 * The API server's own way (`--endpoint-reconciler-type=lease`) cannot, where several share one address: from 1.34 to 1.37
 * one that stops in good order deletes the lease of the address that they share and empties the endpoints
 * (pkg/controlplane/reconcilers/lease.go: `stopReconcilingCalled`) until another's next round, up to 10 s later (tried on
 * 1.37.1: 1.3 s of nothing). So the type is `none`, and this does what it would do, without the end. It
 * applies only where something differs, so that the audit log shows who changes where the service leads to.
 */
export function kubernetesEndpointsScript(options: {
  readonly apiAddress: string;
  readonly apiPort: number;
}): string {
  const { apiAddress, apiPort } = options;
  const name = 'https';
  const protocol = 'TCP';
  const port = apiPort;
  const endpoints = {
    apiVersion: 'v1',
    kind: 'Endpoints',
    // The slice below is ours too: nobody needs to derive another from this.
    metadata: { name: 'kubernetes', labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
    subsets: [{ addresses: [{ ip: apiAddress }], ports: [{ name, port, protocol }] }],
  };
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'kubernetes', labels: { 'kubernetes.io/service-name': 'kubernetes' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [apiAddress], conditions: { ready: true } }],
    ports: [{ name, protocol, port }],
  };
  return `# See src/replicas/settings/kubernetes-endpoints.ts
set -u
${apiClient(apiPort, 5, 'endpoints')}
# keep <folder> <object> <how it begins, without spaces> <how it ends>: 200 or 201 when it is so
keep() {
  case "$(api "$base/$1/kubernetes" | tr -d ' \\n')" in *"$3"*"$4") echo 200 ;; *) apply "$1" "$2" ;; esac
}
apply() {
  api -o /dev/null -w '%{http_code}' -X PATCH -H 'Content-Type: application/apply-patch+yaml' --data "$2" \\
    "$base/$1/kubernetes?fieldManager=haup&force=true" 2>&1
}
said=
while :; do
  a=$(keep api/v1/namespaces/default/endpoints '${JSON.stringify(endpoints)}' '${member(endpoints.metadata.labels)}' \\
    '"subsets":${JSON.stringify(endpoints.subsets)}}')
  b=$(keep apis/discovery.k8s.io/v1/namespaces/default/endpointslices '${JSON.stringify(slice)}' '${member(slice.metadata.labels)}' \\
    '"addressType":"IPv4","endpoints":${JSON.stringify(slice.endpoints)},"ports":${JSON.stringify(slice.ports)}}')
  case "$a $b" in
    20[01]' '20[01]) now="the endpoints are ${apiAddress}:${apiPort}" pause=10 ;;
    *) now="not yet: $a, $b" pause=0.5 ;;
  esac
  [ "$now" = "$said" ] || echo "$now"
  said=$now
  sleep "$pause"
done
`;
}

/** The members of an object as they stand within its JSON. */
function member(object: Readonly<Record<string, string>>): string {
  return JSON.stringify(object).slice(1, -1);
}
