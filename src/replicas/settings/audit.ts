/**
 * The API server's audit policy: who did what to which object, without the contents of anything that may be secret. The first
 * rule that fits decides. What is worth seeing comes first and for everybody; silence is by resource, never by user, since who
 * takes a component over acts as its user.
 */
export function auditPolicy(): string {
  return `apiVersion: audit.k8s.io/v1
kind: Policy
# One line a request, when it has been answered.
omitStages:
  - RequestReceived
omitManagedFields: true
rules:
  # Contents that may be secret: that, but not what.
  - level: Metadata
    resources:
      - group: ""
        resources: ["secrets", "configmaps", "serviceaccounts/token"]
      - group: authentication.k8s.io
        resources: ["tokenreviews"]
      - group: certificates.k8s.io
        resources: ["certificatesigningrequests", "certificatesigningrequests/*"]
  # Ways into containers, and through the API server to other servers.
  - level: Metadata
    resources:
      - group: ""
        resources:
          - pods/exec
          - pods/attach
          - pods/portforward
          - pods/proxy
          - services/proxy
          - nodes/proxy
  # Health checks and discovery: many, and they change nothing.
  - level: None
    nonResourceURLs: ["/healthz*", "/livez*", "/readyz*", "/version", "/openapi/*", "/api*"]
    verbs: ["get"]
  # Everybody's renewals, every few seconds. Who makes, takes away or patches a lease is seen.
  - level: None
    resources:
      - group: coordination.k8s.io
        resources: ["leases"]
    verbs: ["get", "list", "watch", "update"]
  # Events are their own log, until somebody deletes them.
  - level: None
    resources:
      - group: ""
        resources: ["events"]
      - group: events.k8s.io
        resources: ["events"]
    verbs: ["get", "list", "watch", "create", "update", "patch"]
  # Where services lead to: read all the time, by every replica and every node.
  - level: None
    resources:
      - group: ""
        resources: ["endpoints"]
      - group: discovery.k8s.io
        resources: ["endpointslices"]
    verbs: ["get", "list", "watch"]
  # What nodes say of themselves and of their pods, and questions about rights: long, and nothing that anybody decided.
  - level: Metadata
    resources:
      - group: ""
        resources: ["nodes/status", "pods/status"]
      - group: authorization.k8s.io
  # Changes: with what was asked for.
  - level: Request
    verbs: ["create", "update", "patch", "delete", "deletecollection"]
  # The rest is reading.
  - level: Metadata
`;
}
