import { formatCidr, overlap, parseCidr, type Range } from '../../util/ipv4.ts';
import { InputError } from './errors.ts';

/** The tenth address of the Services' range is the cluster's DNS. */
const LONGEST_SERVICES = 28;
/** kube-apiserver takes no wider one (cmd/kube-apiserver/app/options/validation.go: maxCIDRBits). */
const SHORTEST_SERVICES = 12;

/** A range that somebody else has, and who. */
export interface TakenRange {
  readonly cidr: string;
  readonly whose: string;
}

/**
 * What a cluster's two ranges must be: IPv4, written as what they are, apart from each other and from what is taken, and the Services' of a
 * size that Kubernetes takes. Whether there is room for the nodes' pods, withNodes says.
 * @throws InputError
 */
export function checkNetworks(
  { clusterCidr, serviceCidr }: { readonly clusterCidr: string; readonly serviceCidr: string },
  taken: readonly TakenRange[],
): void {
  const own = [
    {
      what: `the pods' range ${clusterCidr} (--cluster-cidr)`,
      range: rangeOf('--cluster-cidr', clusterCidr),
    },
    {
      what: `the Services' range ${serviceCidr} (--service-cidr)`,
      range: rangeOf('--service-cidr', serviceCidr),
    },
  ] as const;
  const length = Number(serviceCidr.split('/')[1]);
  if (length < SHORTEST_SERVICES || length > LONGEST_SERVICES)
    throw new InputError(
      `--service-cidr must be a /${SHORTEST_SERVICES} to a /${LONGEST_SERVICES}, not ${serviceCidr}`,
    );
  const others = taken.map(({ cidr, whose }) => ({ what: `${cidr}, ${whose}`, range: parseCidr(cidr) }));
  for (const [index, { what, range }] of own.entries()) {
    const other = [...own.slice(0, index), ...others].find((each) => overlap(each.range, range));
    if (other) throw new InputError(`${what} overlaps ${other.what}: no packet would know which is meant`);
  }
}

function rangeOf(flag: string, text: string): Range {
  const range = parsed(text);
  if (range === null) throw new InputError(`${flag} must be an IPv4 range such as 10.96.0.0/16, not ${text}`);
  if (formatCidr(range) !== text)
    throw new InputError(
      `${flag} must begin with the range's first address: ${formatCidr(range)}, not ${text}`,
    );
  return range;
}

function parsed(text: string): Range | null {
  try {
    return parseCidr(text);
  } catch {
    return null;
  }
}
