import type { Revision, WantedRevision } from '../../../replicas/revision/revision.ts';
import type { Observation } from '../../model/observation.ts';
import { machineOf } from '../../model/observation.ts';
import { type Cost, costOf } from './cost.ts';

/** One thing on a master that is not what the spec wants. */
export interface Difference {
  /** `units/kube-apiserver.service`, `pki/etcd/ca.crt`, `version/kubernetes` … */
  readonly path: string;
  readonly how: 'missing' | 'unexpected' | 'changed' | 'other-issuer' | 'other-names' | 'other-keys';
  readonly cost: Cost;
}

/** What of a master is not as it is wanted, in the order of its files. Nothing: the same. Dates are judged elsewhere (expiry.ts). */
export function differs(wanted: WantedRevision, seen: Revision): Difference[] {
  const versions = (['kubernetes', 'etcd'] as const).flatMap((name) =>
    wanted[`${name}Version`] === seen[`${name}Version`] ? [] : say(`version/${name}`, 'changed'),
  );
  return [
    ...versions,
    ...compare(wanted.configuration, seen.configuration, (path) => path, 'changed'),
    ...compare(wanted.trust, seen.trust, (file) => `pki/${file}`, 'changed'),
    ...certificates(wanted, seen),
    ...compare(wanted.keys, seen.keys, (name) => `pki/${name}`, 'other-keys'),
  ];
}

/** Of a replica as it was seen; none where nobody could look, or nobody knows what is wanted. */
export function differencesOf(o: Observation, replica: string): Difference[] {
  const seen = machineOf(o, replica)?.inside?.revision;
  const wanted = o.wanted?.[replica];
  return seen && wanted ? differs(wanted, seen) : [];
}

function certificates(wanted: WantedRevision, seen: Revision): Difference[] {
  return wanted.certificates.flatMap(({ file, commonName, issuedBy, names }) => {
    const found = seen.certificates.find((certificate) => certificate.file === file);
    if (!found) return say(`pki/${file}`, 'missing');
    if (found.issuedBy !== issuedBy) return say(`pki/${file}`, 'other-issuer');
    const named = found.commonName === commonName && names.every((name) => found.names.includes(name));
    return named ? [] : say(`pki/${file}`, 'other-names');
  });
}

function compare<T>(
  wanted: Readonly<Record<string, T>>,
  seen: Readonly<Record<string, T>>,
  pathOf: (name: string) => string,
  how: Difference['how'],
): Difference[] {
  const names = [...new Set([...Object.keys(wanted), ...Object.keys(seen)])].sort();
  return names.flatMap((name) => {
    if (!(name in seen)) return say(pathOf(name), 'missing');
    if (!(name in wanted)) return say(pathOf(name), 'unexpected');
    return String(wanted[name]) === String(seen[name]) ? [] : say(pathOf(name), how);
  });
}

function say(path: string, how: Difference['how']): Difference[] {
  return [{ path, how, cost: costOf(path) }];
}
