import { curl } from '../curl.ts';
import { pkiPath } from '../paths.ts';
import { apiClient } from './api-client.ts';

/** Whatever was missed is seen after so long. */
const LOOK_SECONDS = 300;
const RECORD = 'haup-service-addresses';

/**
 * `service-addresses.sh`: gives each Service of type LoadBalancer one address of `range`, where no cloud's controller does. The fabric
 * leads the whole range to nodes, so that an address works as soon as the Service's status says it.
 *
 * Every master runs it, and none leads: who has which address is one ConfigMap, which is changed only as it was read (resourceVersion),
 * so two masters never give one address twice; what follows from it, the Services' statuses, each of them may write. A shell script,
 * because a master has curl and kubectl already, and a program of ours would have to be built and shipped for a dozen lines of logic.
 * @param range `198.18.7.192/26`, within one /24. Its first and last address are given to nobody.
 */
export function serviceAddressesScript(options: {
  readonly kubectl: string;
  readonly apiPort: number;
  readonly range: string;
}): string {
  const { kubectl, apiPort, range } = options;
  const { prefix, first, last } = hostsOf(range);
  const as = 'service-addresses';
  return `#!/bin/bash
# See src/replicas/settings/service-addresses.ts
set -uo pipefail
${apiClient(apiPort, 10, as)}
services="$base/api/v1/services"
kubectl() {
  ${kubectl} --server=$base --certificate-authority=${pkiPath('ca.crt')} --client-certificate=${pkiPath(`${as}.crt`)} \\
    --client-key=${pkiPath(`${as}.key`)} --cache-dir=/tmp/kubectl --request-timeout=10s "$@"
}
version() { sed -n 's/^ *"resourceVersion": "\\([0-9]*\\)".*/\\1/p' | head -n 1; }
patch() {
  local code
  code=$(api -o /dev/null -w '%{http_code}' -X PATCH -H 'Content-Type: application/merge-patch+json' --data "$2" "$base/$1?fieldManager=haup")
  # Somebody else was quicker: the next look sees what he did. Or there is no such Service any more.
  case "$code" in 200 | 404) ;; 409) again=yes ;; *) say "a change of $1 was answered with $code" && again=later ;; esac
  [ "$code" = 200 ]
}
said=
say() { [ "$*" = "$said" ] || echo "$*"; said="$*"; }

assign() {
  awk -v prefix='${prefix}' -v first=${first} -v last=${last} '
${ASSIGN}'
}

# What users write is made one word each; a Service of another class is somebody else's.
template='{{range .items}}{{if not .spec.loadBalancerClass}}S {{.metadata.uid}} {{.metadata.namespace}} {{.metadata.name}} {{.metadata.resourceVersion}} {{or .spec.loadBalancerIP "-" | urlquery}} {{with .status.loadBalancer.ingress}}{{range .}}{{or .ip "-" | urlquery}},{{end}}{{else}}-{{end}}
{{end}}{{end}}'

# The record is read before the Services: who has an address in it was there, so one that is not listed any more is gone.
look() {
  local record listed changes text
  again=no
  record=$(api -f "$base/api/v1/namespaces/kube-system/configmaps/${RECORD}?pretty=true" 2>&1) || { say "$record"; return 1; }
  listed=$(kubectl get services --all-namespaces --field-selector=spec.type=LoadBalancer -o go-template="$template" 2>&1) || { say "$listed"; return 1; }
  text=$({
    echo "$record" | sed -n 's/^ *"\\([0-9.]*\\)": "\\([0-9a-f-]*\\)",*$/R \\1 \\2/p'
    echo "$listed"
  } | assign) || return 1
  changes=$(echo "$text" | sed -n 's/^M //p')
  if [ -n "$changes" ]; then
    patch api/v1/namespaces/kube-system/configmaps/${RECORD} \\
      "{\\"metadata\\":{\\"resourceVersion\\":\\"$(echo "$record" | version)\\"},\\"data\\":{$changes}}" || return 0
  fi
  while read -r what namespace name version ingress; do
    case "$what" in
      W)
        patch "api/v1/namespaces/$namespace/services/$name/status" \\
          "{\\"metadata\\":{\\"resourceVersion\\":\\"$version\\"},\\"status\\":{\\"loadBalancer\\":{\\"ingress\\":$ingress}}}" &&
          echo "$namespace/$name: $ingress"
        ;;
      N) say "$namespace/$name gets no address: $version" ;;
    esac
  done <<<"$text"
}

# What is there at the moment of the answer: a watch from there on misses nothing.
now() { listed=$(api -f "$services?limit=1&pretty=true" 2>&1) || { say "$listed"; return 1; }; at=$(echo "$listed" | version); }

while :; do
  now && look || { sleep 1; continue; }
  case "$again" in yes) continue ;; later) sleep 1; continue ;; esac
  # Until anything changes; what changes at once is looked at once.
  exec 3< <(exec ${curl} -s -N -m ${LOOK_SECONDS} --cacert ${pkiPath('ca.crt')} --cert ${pkiPath(`${as}.crt`)} --key ${pkiPath(`${as}.key`)} \\
    "$services?watch=1&fieldSelector=spec.type%3DLoadBalancer&timeoutSeconds=${LOOK_SECONDS}&resourceVersion=$at")
  watch=$!
  read -r -u 3 _ && while read -r -t 0.1 -u 3 _; do :; done
  kill "$watch" 2>/dev/null
  exec 3<&-
  # A watch that ends at once is an API server that starts or stops.
  sleep 0.2
done
`;
}

/**
 * From lines `R <address> <uid>` (the record) and `S <uid> <namespace> <name> <version> <wanted or -> <addresses, or ->` (the Services)
 * to `M <members of the record's patch>`, `W <namespace> <name> <version> <ingress>` and `N <namespace> <name> <why>`.
 * A Service keeps what it has; who wants a certain address gets that or none; one that shows an address which nobody has keeps it.
 */
export const ASSIGN = `function ours(address) {
  if (index(address, prefix) != 1) return 0
  host = substr(address, length(prefix) + 1)
  return host ~ /^[0-9]+$/ && host + 0 >= first && host + 0 <= last && address == prefix (host + 0)
}
function give(address, i) { owner[address] = uid[i]; has[uid[i]] = address }
$1 == "R" { before[$2] = $3; if (ours($2) && !($3 in has)) { owner[$2] = $3; has[$3] = $2 } }
$1 == "S" { n++; uid[n] = $2; namespace[n] = $3; name[n] = $4; version[n] = $5; wanted[n] = $6; shown[n] = $7; alive[$2] = 1 }
END {
  for (i = 1; i <= n; i++) if (wanted[i] != "-" && (uid[i] in has) && has[uid[i]] != wanted[i]) { moves[has[uid[i]]] = 1; delete has[uid[i]] }
  for (h = first; h <= last; h++) { a = prefix h; if ((a in owner) && (!(owner[a] in alive) || (a in moves))) delete owner[a] }
  for (i = 1; i <= n; i++) if (wanted[i] != "-" && !(uid[i] in has) && ours(wanted[i]) && !(wanted[i] in owner)) give(wanted[i], i)
  for (i = 1; i <= n; i++) {
    a = shown[i]; sub(/,.*/, "", a)
    if (wanted[i] == "-" && !(uid[i] in has) && ours(a) && !(a in owner)) give(a, i)
  }
  h = first
  for (i = 1; i <= n; i++) if (wanted[i] == "-" && !(uid[i] in has)) {
    while (h <= last && ((prefix h) in owner)) h++
    if (h <= last) give(prefix h, i)
  }
  for (a in before) if (!(a in owner)) changes = changes ",\\"" a "\\":null"
  for (a in owner) if (!(a in before) || before[a] != owner[a]) changes = changes ",\\"" a "\\":\\"" owner[a] "\\""
  if (changes != "") print "M " substr(changes, 2)
  for (i = 1; i <= n; i++) {
    a = (uid[i] in has) ? has[uid[i]] : ""
    if (a == "") print "N", namespace[i], name[i], wanted[i] == "-" ? "all are taken" : wanted[i] " is not to be had"
    if (shown[i] != (a == "" ? "-" : a ",")) print "W", namespace[i], name[i], version[i], a == "" ? "null" : "[{\\"ip\\":\\"" a "\\"}]"
  }
}
`;

/** @throws Error for a range that leaves its /24 or has no room */
function hostsOf(range: string): { prefix: string; first: number; last: number } {
  const match = /^(\d+\.\d+\.\d+\.)(\d+)\/(\d+)$/.exec(range);
  const length = Number(match?.[3]);
  if (!match || length < 24 || length > 30) throw new Error(`no range for Services: ${range}`);
  const base = Number(match[2]);
  return { prefix: match[1]!, first: base + 1, last: base + 2 ** (32 - length) - 2 };
}
