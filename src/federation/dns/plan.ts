import type { Shard } from '../model/shard.ts';
import { type DesiredName, type DnsProblem, desiredNames, recordsOf } from './desired.ts';
import { LEVELS, type Level } from './names.ts';
import {
  differenceOf,
  type Mark,
  markedName,
  markNameOf,
  markOf,
  type NameChange,
  type RecordSet,
  readMark,
} from './records.ts';
import type { DnsSettings } from './settings.ts';

export interface RecordPlan {
  /** In the order in which they are to be made. */
  readonly changes: readonly NameChange[];
  readonly problems: readonly DnsProblem[];
}

/**
 * What is to change in a zone so that each name of each Service leads to healthy shards: the fewest records, none that is not marked
 * as this federation's, and each change with what was read. Pure.
 *
 * An order that may be cut off after any change: addresses that are to go come first of all; what a CNAME leads to is there before
 * it, and goes after it.
 * @param shards of all Services in all members, also of members where a Service has nothing: they give the names' places
 * @param seen the whole zone
 */
export function planRecords(
  settings: DnsSettings,
  shards: readonly Shard[],
  seen: readonly RecordSet[],
): RecordPlan {
  const { names, problems } = desiredNames(settings, shards);
  const byName = groupByName(seen);
  const foreign: DnsProblem[] = [];
  const at = (name: string): Found => found(byName, name, settings.owner);

  // The names that others hold: no name leads to them. From the top down, so that those above a name are known.
  const taken = new Set<string>();
  const changes: Ranked[] = [];
  for (const desired of names) {
    const { name, service } = desired;
    const here = at(name);
    const reachable = { ...desired, above: desired.above.filter((up) => !taken.has(up)) };
    const wanted = recordsOf(reachable, settings.ttl).filter((set) => isFree(set, here.others));
    if (here.state === 'foreign' || here.others.length > 0) {
      const others = here.others.map(({ type, special }) => special ?? type).join(', ');
      const words = others ? `others have records there (${others})` : 'its mark is another federation’s';
      foreign.push({ kind: 'foreign', service, name, words });
      if (here.state === 'foreign' || wanted.length === 0) taken.add(name);
    }
    if (here.state === 'foreign') continue;
    changes.push(rank({ name, seen: here.ours, wanted: marked(here, name, wanted, settings) }, desired));
  }
  const kept = new Set(names.map(({ name }) => name));
  for (const [name] of byName) {
    const about = markedName(name);
    if (about === null || kept.has(about)) continue;
    const here = at(about);
    if (here.state === 'ours') changes.push(rank({ name: about, seen: here.ours, wanted: [] }, null));
  }
  return {
    changes: inOrder(changes.filter(({ change }) => isChange(change))),
    problems: [...problems, ...foreign],
  };
}

interface Found {
  /** `free`: nothing is there. */
  readonly state: 'ours' | 'foreign' | 'free';
  /** With the mark. */
  readonly ours: readonly RecordSet[];
  readonly mark: { readonly set: RecordSet; readonly says: Mark } | null;
  readonly others: readonly RecordSet[];
}

function found(byName: ReadonlyMap<string, readonly RecordSet[]>, name: string, owner: string): Found {
  const marks = byName.get(markNameOf(name)) ?? [];
  const here = byName.get(name) ?? [];
  for (const set of marks) {
    const says = readMark(set, owner);
    if (!says) continue;
    const ours = here.filter(({ type, special }) => says.types.includes(type) && special === undefined);
    const others = here.filter((one) => !ours.includes(one));
    return { state: 'ours', ours: [...ours, set], mark: { set, says }, others };
  }
  const isFree = here.length === 0 && marks.length === 0;
  return { state: isFree ? 'free' : 'foreign', ours: [], mark: null, others: here };
}

/** The records of a name with its mark, which is another after each change. */
function marked(
  here: Found,
  name: string,
  wanted: readonly RecordSet[],
  { owner, ttl }: DnsSettings,
): readonly RecordSet[] {
  if (wanted.length === 0) return [];
  const types = wanted.map(({ type }) => type);
  if (here.mark) {
    const mark = markOf(name, owner, ttl, { change: here.mark.says.change, types });
    const same = [...wanted, mark];
    if (!isChange({ name, seen: here.ours, wanted: same })) return same;
  }
  return [...wanted, markOf(name, owner, ttl, { change: (here.mark?.says.change ?? 0) + 1, types })];
}

/** Whether it can stand beside what others have put at the same name. */
function isFree(set: RecordSet, others: readonly RecordSet[]): boolean {
  return !others.some(({ type }) => set.type === 'CNAME' || type === 'CNAME' || type === set.type);
}

function isChange(change: NameChange): boolean {
  const { removed, added } = differenceOf(change);
  return removed.length + added.length > 0;
}

interface Ranked {
  readonly change: NameChange;
  readonly service: string;
  readonly level: Level;
}

function rank(change: NameChange, desired: DesiredName | null): Ranked {
  if (desired) {
    const { service, level } = desired;
    return { change, service: `${service.namespace}/${service.name}`, level };
  }
  // Of what is not wanted any more only the name is left: its labels tell it from the same Service's other names.
  const labels = change.name.split('.');
  return { change, service: `${labels[1]}/${labels[0]}`, level: 'global' };
}

/** Services that lose an address go first; of one Service what is led to is made before what leads there, and removed after it. */
function inOrder(changes: readonly Ranked[]): readonly NameChange[] {
  const urgent = new Set(changes.filter(({ change }) => withdraws(change)).map(({ service }) => service));
  const depth = ({ level, change }: Ranked): number =>
    change.wanted.length > 0 ? -LEVELS.indexOf(level) : 1000 - change.name.split('.').length;
  return [...changes]
    .sort((a, b) => {
      const first = Number(urgent.has(b.service)) - Number(urgent.has(a.service));
      return (
        first || compare(a.service, b.service) || depth(a) - depth(b) || compare(a.change.name, b.change.name)
      );
    })
    .map(({ change }) => change);
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function withdraws({ seen, wanted }: NameChange): boolean {
  const left = new Set(wanted.filter(isAddress).flatMap(({ values }) => values));
  return seen.filter(isAddress).some(({ values }) => values.some((value) => !left.has(value)));
}

function isAddress({ type }: RecordSet): boolean {
  return type === 'A' || type === 'AAAA';
}

function groupByName(sets: readonly RecordSet[]): ReadonlyMap<string, readonly RecordSet[]> {
  const groups = new Map<string, RecordSet[]>();
  for (const set of sets) {
    const group = groups.get(set.name);
    if (group) group.push(set);
    else groups.set(set.name, [set]);
  }
  return groups;
}
