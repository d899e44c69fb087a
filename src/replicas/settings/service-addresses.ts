import { shellScript } from '../../ssh/script.ts';
import { pkiFolder } from '../paths.ts';

/** Whatever was missed is seen after so long. */
const LOOK_SECONDS = 300;
const RECORD = 'haup-service-addresses';

const script = shellScript('replicas/scripts/service-addresses.sh', [
  ...(['kubectl', 'pki', 'api_port', 'prefix', 'first', 'last'] as const),
  ...(['assign', 'record_name', 'look_seconds'] as const),
]);

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
  return script({
    ...{ kubectl, pki: pkiFolder, api_port: apiPort, prefix, first, last },
    ...{ assign: ASSIGN, record_name: RECORD, look_seconds: LOOK_SECONDS },
  });
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
