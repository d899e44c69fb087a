import { shellScript } from '../../ssh/script.ts';
import { pkiFolder } from '../paths.ts';

const script = shellScript('replicas/scripts/kubernetes-endpoints.sh', [
  ...(['pki', 'api_port', 'address', 'endpoints', 'endpoints_begin', 'endpoints_end'] as const),
  ...(['slice', 'slice_begin', 'slice_end'] as const),
]);

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
  return script({
    ...{ pki: pkiFolder, api_port: apiPort, address: `${apiAddress}:${apiPort}` },
    endpoints: JSON.stringify(endpoints),
    endpoints_begin: members(endpoints.metadata.labels),
    endpoints_end: `"subsets":${JSON.stringify(endpoints.subsets)}}`,
    slice: JSON.stringify(slice),
    slice_begin: members(slice.metadata.labels),
    slice_end: `"addressType":"IPv4","endpoints":${JSON.stringify(slice.endpoints)},"ports":${JSON.stringify(slice.ports)}}`,
  });
}

/** The members of an object as they stand within its JSON. */
function members(object: Readonly<Record<string, string>>): string {
  return JSON.stringify(object).slice(1, -1);
}
