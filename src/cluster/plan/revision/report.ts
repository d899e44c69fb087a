import type { Revision } from '../../../replicas/revision/revision.ts';
import { machineOf, type Observation } from '../../model/observation.ts';
import type { Cost } from './cost.ts';
import { type Difference, differencesOf } from './differs.ts';
import { expiries } from './expiry.ts';

/** What is on a master, in the answer of `haup status -o json`. */
export interface RevisionStatus {
  /** Null where nobody could look. */
  readonly revision: Pick<Revision, 'kubernetesVersion' | 'etcdVersion' | 'digest' | 'trust' | 'keys'> | null;
  /** The one that ends first, first. */
  readonly certificates: readonly CertificateStatus[];
  /** From what the spec wants, and what putting it right costs. */
  readonly differences: readonly Difference[];
}

export interface CertificateStatus {
  /** `apiserver.crt`, `etcd/peer.crt`, `scheduler.conf` … */
  readonly file: string;
  readonly issuer: string;
  readonly names: readonly string[];
  /** RFC 3339 */
  readonly expires: string;
  /** Less than a third of its life is left. */
  readonly due: boolean;
}

export function revisionStatus(o: Observation, replica: string): RevisionStatus {
  const seen = machineOf(o, replica)?.inside?.revision;
  return {
    revision: seen ? pick(seen) : null,
    certificates: expiries(o, replica).map(({ certificate: { file, issuer, names, notAfter }, due }) => ({
      file,
      issuer,
      names,
      expires: notAfter,
      due,
    })),
    differences: differencesOf(o, replica),
  };
}

function pick({ kubernetesVersion, etcdVersion, digest, trust, keys }: Revision) {
  return { kubernetesVersion, etcdVersion, digest, trust, keys };
}

const HOW: Readonly<Record<Difference['how'], string>> = {
  missing: 'is missing',
  unexpected: 'is not expected there',
  changed: 'is another than wanted',
  'other-issuer': 'is not issued by the present authority',
  'other-names': 'does not have the names that it should have',
  'other-keys': 'is another key than wanted',
};

const PRICE: Readonly<Record<Cost, string>> = {
  nothing: 'nothing has to stop for it',
  reload: 'taken up without a stop',
  controllers: 'controller manager and scheduler start again for it',
  'api-server': 'the API server starts again for it',
  etcd: 'etcd and the API server start again for it',
};

/** One line for an operator: what differs, and what putting it right costs. */
export function sayDifference({ path, how, cost }: Difference): string {
  return `${path} ${HOW[how]} (${PRICE[cost]})`;
}

/** At most so many files of one replica are named in a sentence. */
const NAMED = 3;

/** "etcd/peer.crt, etcd/server.crt, scheduler.conf and 2 more". */
export function listed(files: readonly string[]): string {
  const more = files.length - NAMED;
  return `${files.slice(0, NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
