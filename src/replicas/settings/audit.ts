/**
 * The API server's audit policy: who did what to which object, without the contents of anything that may be secret. The first
 * rule that fits decides.
 */
export function auditPolicy(): string {
  return `apiVersion: audit.k8s.io/v1
kind: Policy
# One line a request, when it has been answered.
omitStages:
  - RequestReceived
omitManagedFields: true
rules:
  # Health checks and discovery: many, and they change nothing.
  - level: None
    nonResourceURLs: ["/healthz*", "/livez*", "/readyz*", "/version", "/openapi/*", "/api*"]
    verbs: ["get"]
  # Each component's renewals, every few seconds.
  - level: None
    resources:
      - group: coordination.k8s.io
        resources: ["leases"]
    verbs: ["get", "update", "list", "watch"]
    userGroups: ["system:nodes", "system:masters"]
  - level: None
    resources:
      - group: coordination.k8s.io
        resources: ["leases"]
    verbs: ["get", "update"]
    users: ["system:kube-controller-manager", "system:kube-scheduler", "system:apiserver"]
  # Every ten seconds, each replica applies what is there already (kubernetes-endpoints.sh).
  - level: None
    resources:
      - group: ""
        resources: ["endpoints"]
        resourceNames: ["kubernetes"]
      - group: discovery.k8s.io
        resources: ["endpointslices"]
        resourceNames: ["kubernetes"]
    namespaces: ["default"]
    verbs: ["patch"]
    users: ["kube-apiserver-kubelet-client"]
  # What the components and the nodes read in their daily work.
  - level: None
    users: ["system:kube-controller-manager", "system:kube-scheduler", "system:apiserver"]
    verbs: ["get", "list", "watch"]
  - level: None
    userGroups: ["system:nodes", "system:serviceaccounts:kube-system"]
    verbs: ["get", "list", "watch"]
  # Events are their own log.
  - level: None
    resources:
      - group: ""
        resources: ["events"]
      - group: events.k8s.io
        resources: ["events"]
  # Contents that may be secret: that, but not what.
  - level: Metadata
    resources:
      - group: ""
        resources: ["secrets", "configmaps", "serviceaccounts/token"]
      - group: authentication.k8s.io
        resources: ["tokenreviews"]
      - group: certificates.k8s.io
        resources: ["certificatesigningrequests"]
  # Changes: with what was asked for.
  - level: Request
    verbs: ["create", "update", "patch", "delete", "deletecollection"]
  # The rest is reading.
  - level: Metadata
`;
}
