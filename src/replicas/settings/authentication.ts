/**
 * The API server's AuthenticationConfiguration: without credentials one may ask whether it is well (balancers do), and
 * read how the cluster may be joined (`kubeadm join` verifies what it reads there by its token), and nothing else. A request to any
 * other path is refused before anything looks at it.
 * @param jwt who else is believed: JWTAuthenticator each.
 */
export function authenticationConfiguration(jwt: readonly object[] = []): string {
  return `apiVersion: apiserver.config.k8s.io/v1
kind: AuthenticationConfiguration
anonymous:
  enabled: true
  conditions:
    - path: /livez
    - path: /readyz
    - path: /healthz
    - path: /api/v1/namespaces/kube-public/configmaps/cluster-info
${jwt.length > 0 ? `jwt: ${JSON.stringify(jwt)}\n` : ''}`;
}
